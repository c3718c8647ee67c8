/** What both ends of the wire share without the schemas, so that a client's bundle carries no validation library. */

export const PROTOCOL_VERSION = 2

/** Name of the notification of what happens to cells (kernel -> client). */
export const EVENT = 'event'

/** Name of the notification of a line for the log, over a socket (kernel -> client). */
export const LOG = 'log'

/** Printed by a kernel that listens, as soon as it does. */
export const READY = 'ready\n'

/** Code of the error with which a kernel turns away a second client. */
export const OCCUPIED = 'occupied'
