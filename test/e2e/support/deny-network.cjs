/**
 * Loaded into the kernel and what it starts (`NODE_OPTIONS=--require`): whatever is not on this machine cannot be
 * reached, and each attempt is noted in the file that `MIRAGE_TEST_DENIED` names, as is each process that is held to it.
 */
const { appendFileSync } = require('node:fs')
const { Socket } = require('node:net')
const dns = require('node:dns')

const LOCAL = new Set(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::'])
const note = what => appendFileSync(process.env.MIRAGE_TEST_DENIED, `${what} ${process.argv[1] ?? ''}\n`)
note('held')
const denied = host => {
  note(`denied ${host}`)
  return Object.assign(new Error(`connect ENETUNREACH ${host}`), { code: 'ENETUNREACH' })
}

const connect = Socket.prototype.connect
Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  const host = typeof options === 'object' ? options?.host : typeof options === 'number' ? args[1] : undefined
  if (typeof host !== 'string' || LOCAL.has(host)) return connect.apply(this, args)
  process.nextTick(() => this.destroy(denied(host)))
  return this
}

const lookup = dns.lookup
dns.lookup = (host, ...rest) => {
  if (LOCAL.has(host)) return lookup(host, ...rest)
  process.nextTick(() => rest.at(-1)(denied(host)))
  return {}
}
