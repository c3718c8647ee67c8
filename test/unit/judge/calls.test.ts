import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_RETRY, pauseAfter, retryAfterOf } from '../../../src/kernel/judge/calls/backoff.ts'
import { resolveEndpoint } from '../../../src/kernel/judge/calls/endpoint.ts'
import { type Clock, Limiter } from '../../../src/kernel/judge/calls/limiter.ts'
import { redactor } from '../../../src/kernel/judge/calls/redact.ts'
import { Budget } from '../../../src/kernel/judge/costs/budget.ts'
import { costOf, priceOf } from '../../../src/kernel/judge/costs/prices.ts'
import { imageTokens } from '../../../src/kernel/judge/costs/tokens.ts'

describe('the endpoint', () => {
  const key = 'sk-canary'
  const env = { OPENAI_API_KEY: key, OTHER_KEY: 'other' }

  it('is OpenAI by default, or what OPENAI_BASE_URL says', () => {
    expect(resolveEndpoint({}, env)).toMatchObject({ baseURL: 'https://api.openai.com/v1', key })
    const gateway = { ...env, OPENAI_BASE_URL: 'https://gateway.example/v1/' }
    expect(resolveEndpoint({}, gateway)).toMatchObject({ baseURL: 'https://gateway.example/v1', key })
  })

  it('gets the key of OPENAI_API_KEY on another host only when the cell names the variable', () => {
    const baseURL = 'https://other.example/v1'
    const bare = resolveEndpoint({ baseURL }, env)
    expect(bare.key).toBeUndefined()
    expect(bare.unconfigured).toContain('the cell names no variable')
    expect(resolveEndpoint({ baseURL, key: 'OTHER_KEY' }, env)).toMatchObject({ key: 'other' })
    expect(resolveEndpoint({ baseURL: 'http://localhost:11434/v1' }, env).key).toBeUndefined()
  })

  it('needs no key on this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]']) {
      expect(resolveEndpoint({ baseURL: `http://${host}:1234/v1` }, {})).toMatchObject({ loopback: true })
    }
  })

  it.each([
    'http://example.com/v1',
    'http://localhost.example.com/v1',
    'http://127.0.0.1.example.com',
    'ftp://localhost',
    'nonsense',
    'https://user:sk-canary@example.com/v1',
    'https://example.com/v1?api-key=sk-canary',
  ])('refuses %s, without repeating a secret', baseURL => {
    try {
      resolveEndpoint({ baseURL }, env)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ info: { code: 'endpoint-address' } })
      expect(String((error as Error).message)).not.toContain('canary')
    }
  })
})

describe('redaction', () => {
  it('leaves no form of a secret in any text', () => {
    const secret = fc.string({ minLength: 8, maxLength: 60 }).filter(text => text.trim().length >= 8)
    fc.assert(
      fc.property(secret, fc.stringMatching(/^[\s.,;]*$/), (key, around) => {
        const forms = [
          key,
          encodeURIComponent(key),
          JSON.stringify(key).slice(1, -1),
          Buffer.from(key).toString('base64'),
        ]
        const clean = redactor([undefined, key])(forms.join(`${around}|${around}`))
        for (const form of forms) expect(clean).not.toContain(form)
      }),
    )
  })
})

describe('pauses between calls', () => {
  it('double up to the longest, with jitter between half and all', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, random) => {
          const full = Math.min(DEFAULT_RETRY.longest, 2 ** (n - 1))
          const pause = pauseAfter(n, DEFAULT_RETRY, random)
          expect(pause).toBeGreaterThanOrEqual(full / 2)
          expect(pause).toBeLessThanOrEqual(full)
        },
      ),
    )
    expect(pauseAfter(5, DEFAULT_RETRY, 0.3, 7)).toBe(7)
  })

  it('read Retry-After in seconds, as a date, and in milliseconds', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    const seconds = (headers: Record<string, string>) => retryAfterOf(headers, now)
    expect(seconds({ 'retry-after': '12' })).toBe(12)
    expect(seconds({ 'retry-after': 'Thu, 01 Jan 2026 00:00:30 GMT' })).toBe(30)
    expect(seconds({ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' })).toBe(0)
    expect(seconds({ 'retry-after-ms': '250' })).toBe(0.25)
    expect(seconds({ 'retry-after': 'soon' })).toBeUndefined()
    expect(seconds({})).toBeUndefined()
  })
})

/** Time that passes only when somebody sleeps. */
function fakeClock(): Clock {
  let time = 0
  return {
    now: () => time,
    sleep: async milliseconds => {
      const until = time + milliseconds
      await Promise.resolve()
      time = Math.max(time, until)
    },
  }
}

describe('the limiter', () => {
  const signal = new AbortController().signal

  it('never has more calls at once than allowed, and runs them all', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 30 }),
        async (concurrency, count) => {
          const limiter = new Limiter({ concurrency }, fakeClock())
          let [now, most, done] = [0, 0, 0]
          const call = async () => {
            most = Math.max(most, ++now)
            await new Promise(resolve => setImmediate(resolve))
            now--
            done++
          }
          await Promise.all(Array.from({ length: count }, () => limiter.run(call, signal)))
          expect(most).toBe(Math.min(concurrency, count))
          expect(done).toBe(count)
        },
      ),
      { numRuns: 20 },
    )
  })

  it('spaces calls by the rate per minute', async () => {
    const clock = fakeClock()
    const limiter = new Limiter({ concurrency: 10, rpm: 120 }, clock)
    const starts: number[] = []
    await Promise.all(
      Array.from({ length: 5 }, () => limiter.run(async () => starts.push(clock.now()), signal)),
    )
    expect(starts).toEqual([0, 500, 1000, 1500, 2000])
  })

  it('begins no call while the server asks for a rest', async () => {
    const clock = fakeClock()
    const limiter = new Limiter({ concurrency: 2 }, clock)
    limiter.pause(3)
    limiter.pause(1)
    expect(await limiter.run(async () => clock.now(), signal)).toBe(3000)
  })

  it('gives its place back when a call fails', async () => {
    const limiter = new Limiter({ concurrency: 1 }, fakeClock())
    await expect(limiter.run(() => Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    expect(await limiter.run(async () => 'next', signal)).toBe('next')
  })
})

describe('costs', () => {
  it("count image tokens as OpenAI's documentation does in its examples", () => {
    const tiles = { base: 85, tile: 170 }
    expect(imageTokens(1024, 1024, tiles, false)).toBe(765)
    expect(imageTokens(2048, 4096, tiles, false)).toBe(1105)
    expect(imageTokens(4096, 8192, tiles, true)).toBe(85)
    expect(imageTokens(1024, 1024, { patch: 1 }, false)).toBe(1024)
    expect(imageTokens(1800, 2400, { patch: 1 }, false)).toBeLessThanOrEqual(1536)
  })

  it("take the cell's price first, nothing on this machine, and admit not to know", () => {
    const given = { input: 1, output: 2 }
    expect(priceOf('x', { given, loopback: true, host: 'a' })).toBe(given)
    expect(priceOf('gpt-4o', { loopback: true, host: 'localhost:1' })).toEqual({ input: 0, output: 0 })
    expect(priceOf('gpt-4o-2024-08-06', { loopback: false, host: 'api.openai.com' })).toMatchObject({
      input: 2.5,
    })
    expect(priceOf('gpt-4o', { loopback: false, host: 'elsewhere.example' })).toBeUndefined()
    expect(costOf({ input: 1e6, output: 5e5 }, { input: 2.5, output: 10 })).toBeCloseTo(7.5, 12)
  })

  it('are never reserved beyond the budget', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), estimates => {
        const budget = new Budget(2)
        for (const estimate of estimates) if (budget.reserve(estimate)) budget.settle(estimate, estimate)
        expect(budget.spent).toBeLessThanOrEqual(2 + 1e-9)
      }),
    )
  })
})
