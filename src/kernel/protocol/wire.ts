/** What both ends of the wire share without the schemas, so that a client's bundle carries no validation library. */

export const PROTOCOL_VERSION = 1

/** Name of the one notification (kernel -> client). */
export const EVENT = 'event'
