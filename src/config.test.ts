import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const reading = (env: Record<string, string>) => () => readConfig(env as NodeJS.ProcessEnv)

describe('settings', () => {
  it('has what an empty environment needs', () => {
    expect(readConfig({} as NodeJS.ProcessEnv)).toMatchObject({
      port: 4000,
      portalAddresses: 'host',
      trustProxy: false,
      logLevel: 'info',
      database: null,
      smtpUrl: null,
      batchDatabaseWrites: true,
    })
  })

  it.each([
    ['PORT', 'abc'],
    ['PORT', '70000'],
    ['PUBLIC_URL', 'nope'],
    ['PUBLIC_URL', 'ftp://x'],
    ['PUBLIC_URL', 'http://a/b'],
    ['PORTAL_ADDRESSES', 'both'],
    ['LOG_LEVEL', 'loud'],
    ['REQUESTS_PER_MINUTE', 'many'],
    ['REQUESTS_PER_MINUTE', '0'],
    ['BUSY_AFTER', '-1'],
    ['BATCH_DATABASE_WRITES', 'maybe'],
    ['TRUST_PROXY', 'yes'],
    ['TRUST_PROXY', '10.0.0.0/8, proxy.example'],
    ['SMTP_URL', 'nope'],
    ['DATABASE_URL', 'nope'],
    ['PORTICO_SECRET', 'short'],
  ])('%s=%s is refused by name, not passed over', (name, value) => {
    expect(reading({ PORTICO_SECRET: 'x'.repeat(32), [name]: value })).toThrow(name)
  })

  it('turns the batching of database writes off', () => {
    expect(readConfig({ BATCH_DATABASE_WRITES: 'off' } as NodeJS.ProcessEnv).batchDatabaseWrites).toBe(false)
  })

  it('takes proxies by address, network and name', () => {
    expect(readConfig({ TRUST_PROXY: '10.0.0.0/8, ::1,loopback' } as NodeJS.ProcessEnv).trustProxy).toEqual([
      '10.0.0.0/8',
      '::1',
      'loopback',
    ])
  })

  it('C7 a refusal repeats no password', () => {
    expect(reading({ SMTP_URL: 'user:hunter2@host' })).not.toThrow(/hunter2/)
    expect(reading({ SMTP_URL: '//user:hunter2@host' })).toThrow(/^(?!.*hunter2)/)
  })
})
