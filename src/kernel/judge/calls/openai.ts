// The client library of the OpenAI API, a megabyte that only a kernel which asks a judge has to load.
export { APIError, default as OpenAI } from 'openai'
