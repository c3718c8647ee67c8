import packageJson from '../../package.json' with { type: 'json' }

/** Version of Mirage. */
export const VERSION: string = packageJson.version
