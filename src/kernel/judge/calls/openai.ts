// The client library of the OpenAI API, a megabyte that only a kernel which asks by batch has to load.
export { APIError, default as OpenAI } from 'openai'
