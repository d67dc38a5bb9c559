import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readConfig } from './config.ts'

const reading = (env: Record<string, string>) => () => readConfig(env as NodeJS.ProcessEnv)

const RANDOM_SECRET = 'q3JrZ0pLk2vXcT7yHn9dWb5sMfUe8AaG'

describe('settings', () => {
  it('has what an empty environment needs', () => {
    expect(readConfig({} as NodeJS.ProcessEnv)).toMatchObject({
      port: 4000,
      host: null,
      logFormat: null,
      warnings: [],
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
    ['LOG_FORMAT', 'xml'],
    ['MAIL_IN_DOMAIN', 'nope'],
    ['MAIL_IN_DOMAIN', 'in.portal.example/'],
    ['MAIL_IN_PORT', '2525'],
    ['MAIL_IN_SECRET', 'q3JrZ0pLk2vXcT7yHn9dWb5sMfUe8AaG'],
    ['TRUST_PROXY', '0'],
  ])('%s=%s is refused by name, not passed over', (name, value) => {
    expect(reading({ PORTICO_SECRET: RANDOM_SECRET, [name]: value })).toThrow(name)
  })

  it('takes in mail only for a domain that is named', () => {
    const read = (env: Record<string, string>) => readConfig(env as NodeJS.ProcessEnv).mailIn
    expect(read({})).toBeNull()
    expect(read({ MAIL_IN_DOMAIN: 'In.Portal.Example' })).toEqual({
      domain: 'in.portal.example',
      host: null,
      port: 2525,
      hookSecret: null,
    })
    const settings = { MAIL_IN_DOMAIN: 'in.portal.example', MAIL_IN_PORT: '25', MAIL_IN_HOST: '127.0.0.1' }
    expect(read(settings)).toMatchObject({ host: '127.0.0.1', port: 25 })
    const withHook = { MAIL_IN_DOMAIN: 'in.portal.example', MAIL_IN_SECRET: RANDOM_SECRET }
    expect(read(withHook)).toMatchObject({ port: null, hookSecret: RANDOM_SECRET })
    expect(() => read({ ...withHook, MAIL_IN_SECRET: 'secret' })).toThrow('MAIL_IN_SECRET')
    expect(() => read({ ...settings, MAIL_IN_PORT: 'smtp' })).toThrow('MAIL_IN_PORT')
  })

  it('names an address of a database that cannot be used before the secret it would need', () => {
    expect(reading({ DATABASE_URL: 'mysql://localhost/portico' })).toThrow('DATABASE_URL begins with mysql://')
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

  it.each([
    'x'.repeat(40),
    '0123456789abcdef0123456789abcdef',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'change-me-change-me-change-me-change-me',
    'secretsecretsecretsecretsecretsecret',
    '00000000-0000-0000-0000-000000000001',
  ])('a secret that can be guessed is refused: %s', (secret) => {
    expect(reading({ PORTICO_SECRET: secret })).toThrow(/PORTICO_SECRET can be guessed.*openssl rand/)
  })

  it('random secrets pass in every usual spelling, and words pass with a warning', () => {
    for (let round = 0; round < 200; round++)
      for (const secret of [randomBytes(32).toString('base64'), randomBytes(16).toString('hex'), randomUUID()])
        expect([secret, readConfig({ PORTICO_SECRET: secret } as NodeJS.ProcessEnv).warnings]).toEqual([secret, []])
    const words = 'correct horse battery staple and some more'
    expect(readConfig({ PORTICO_SECRET: words } as NodeJS.ProcessEnv).warnings).toEqual([
      expect.stringContaining('PORTICO_SECRET looks like words'),
    ])
  })

  it.each([
    ['http://portal.example', true],
    ['http://192.168.1.20:4000', true],
    ['https://portal.example', false],
    ['http://localhost:4000', false],
    ['http://127.0.0.1:4000', false],
    ['http://[::1]:4000', false],
    ['http://shop.localhost', false],
  ])('warns of an address without TLS that leaves this machine: %s', (url, warns) => {
    const { warnings } = readConfig({ PUBLIC_URL: url } as NodeJS.ProcessEnv)
    expect(warnings).toEqual(warns ? [expect.stringMatching(/^PUBLIC_URL is .*unencrypted/)] : [])
  })

  const NOT_ENCRYPTED = /^The connection to the database at \S+ is not encrypted\. Set sslmode=verify-full in (\w+)\.$/
  const NOT_VERIFIED =
    /^The connection .* at \S+ is encrypted, but its certificate is not verified\. Set .* in (\w+)\.$/
  it.each([
    ['db.example/portico', NOT_ENCRYPTED],
    ['db.example/portico?sslmode=disable', NOT_ENCRYPTED],
    ['10.0.0.7:6432/portico', NOT_ENCRYPTED],
    ['[fd00::7]/portico', NOT_ENCRYPTED],
    ['localhost.example/portico', NOT_ENCRYPTED],
    ['db.example/portico?sslmode=no-verify', NOT_VERIFIED],
    ['db.example/portico?sslmode=prefer&uselibpqcompat=true', NOT_VERIFIED],
    ['db.example/portico?sslmode=require&uselibpqcompat=true', NOT_VERIFIED],
    ['db.example/portico?sslmode=prefer', null],
    ['db.example/portico?sslmode=require', null],
    ['db.example/portico?sslmode=verify-full', null],
    ['db.example/portico?sslrootcert=system', null],
    ['localhost/portico', null],
    ['127.0.0.1:5433/portico?sslmode=disable', null],
    ['[::1]/portico', null],
    ['/portico?host=/var/run/postgresql', null],
  ])('warns of a database on another machine without verified TLS, naming the setting: %s', (address, warning) => {
    const url = `postgres://portico:hunter2@${address}`
    const local = { PORTICO_SECRET: RANDOM_SECRET, DATABASE_URL: 'postgres://portico@localhost/portico' }
    for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL']) {
      const { warnings } = readConfig({ ...local, [name]: url } as NodeJS.ProcessEnv)
      expect(warnings.map((each) => warning?.exec(each)?.[1] ?? each)).toEqual(warning ? [name] : [])
      expect(warnings.join()).not.toContain('hunter2')
    }
  })

  it.each([
    ['https://portal.example', 'portico@portal.example'],
    ['http://192.168.1.20:4000', 'portico@[192.168.1.20]'],
    ['http://[::1]:4000', 'portico@[IPv6:::1]'],
  ])('sends mail from the host of %s', (address, from) => {
    expect(readConfig({ PUBLIC_URL: address } as NodeJS.ProcessEnv).mailFrom).toBe(from)
  })

  it.each(['http://192.168.1.20:4000', 'http://[::1]:4000'])(
    'gives portals of %s paths: it has no subdomains',
    (url) => {
      const choose = (choice?: string) => reading({ PUBLIC_URL: url, ...(choice && { PORTAL_ADDRESSES: choice }) })
      expect(choose()().portalAddresses).toBe('path')
      expect(choose('path')().portalAddresses).toBe('path')
      expect(choose('host')).toThrow('PORTAL_ADDRESSES must be path')
    },
  )

  it('trusts every proxy only where no other machine reaches the port', () => {
    const trust = (env: object) => readConfig({ TRUST_PROXY: 'true', ...env } as NodeJS.ProcessEnv).trustProxy
    expect([trust({ HOST: '127.0.0.1' }), trust({ HOST: 'localhost' }), trust({ HOST: '::1' })]).toEqual([
      true,
      true,
      true,
    ])
    for (const env of [{}, { HOST: '::' }, { HOST: '0.0.0.0' }, { HOST: '192.168.1.20' }])
      expect(() => trust(env)).toThrow(/^TRUST_PROXY=true would let every client choose its address/)
    expect(trust({ TRUST_PROXY: '2' })).toBe(2)
  })

  it('trusts no network that clients are in, except where no other machine reaches the port', () => {
    const trust = (networks: string, host?: string) =>
      readConfig({ TRUST_PROXY: networks, ...(host && { HOST: host }) } as NodeJS.ProcessEnv).trustProxy
    for (const networks of [
      '0.0.0.0/0',
      '::/0',
      '10.0.0.0/8,128.0.0.0/1',
      '0.0.0.0/0.0.0.0',
      '0.0.0.0/128.0.0.0',
      '2000::/3',
    ]) {
      expect(() => trust(networks), networks).toThrow(/would let every client choose its address/)
      expect(trust(networks, '127.0.0.1')).toEqual(networks.split(','))
    }
    for (const networks of ['10.0.0.0/8', '10.0.0.0/255.0.0.0', 'fc00::/16', '203.0.113.7', '2001:db8::1'])
      expect(trust(networks)).toEqual([networks])
  })

  it('C7 a refusal repeats no password', () => {
    expect(reading({ SMTP_URL: 'user:hunter2@host' })).not.toThrow(/hunter2/)
    expect(reading({ SMTP_URL: '//user:hunter2@host' })).toThrow(/^(?!.*hunter2)/)
  })
})
