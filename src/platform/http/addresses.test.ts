import { beforeAll, describe, expect, inject, it } from 'vitest'
import { startSeparateServer, PASSWORD, type TestServer } from '../../../test/test-server.ts'
import { addressBlock, bareAddress, createProxyTrust } from './addresses.ts'

describe('addresses', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:40001', '203.0.113.9'],
    [' 203.0.113.9 ', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    ['2001:0DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['[::ffff:cb00:7109]:443', '203.0.113.9'],
    ['', null],
    ['unknown', null],
    ['203.0.113', null],
    ['0x7f.1', null],
    ['203.0.113.9:40001:2', null],
    ['[203.0.113.9', '203.0.113.9'],
    ['x'.repeat(3_000), null],
  ])('%s is the client %s', (text, address) => {
    expect(bareAddress(text)).toBe(address)
  })

  it('an IPv4 address is one client, an IPv6 network of 64 bits is one client', () => {
    expect(addressBlock('203.0.113.9')).toBe('203.0.113.9')
    expect(addressBlock('2001:db8::1')).toBe(addressBlock('2001:db8:0:0:ffff::2'))
    expect(addressBlock('2001:db8::1')).not.toBe(addressBlock('2001:db8:0:1::1'))
  })

  it('TRUST_PROXY names networks, addresses and words, and ignores ports', () => {
    const isTrusted = createProxyTrust([
      '10.0.0.0/8',
      '192.0.2.0/255.255.255.0',
      '2001:db8::/32',
      '198.51.100.7',
      'loopback',
    ])
    const asked = ['10.1.2.3', '10.1.2.3:80', '192.0.2.200', '[2001:db8:9::1]:80', '198.51.100.7', '127.0.0.1', '::1']
    expect(asked.map(isTrusted)).toEqual(asked.map(() => true))
    expect(['11.0.0.1', '192.0.3.1', '2001:db9::1', '198.51.100.8', 'unknown', ''].some(isTrusted)).toBe(false)
    expect(() => createProxyTrust(['10.0.0.0/99'])).toThrow('TRUST_PROXY')
  })
})

describe('forwarded addresses', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startSeparateServer(inject('world'), { env: { TRUST_PROXY: 'loopback, 192.0.2.0/24' } })
    return () => server.close()
  })

  it('the sessions list shows the bare address, or the peer when no address was forwarded', async () => {
    const { owner } = await server.business()
    const seen = async (forwarded: string) => {
      const headers = { 'x-forwarded-for': forwarded, 'user-agent': forwarded.slice(0, 100) }
      await server.anyone().ok('signIn', { email: owner.email, password: PASSWORD }, { headers })
      const { sessions } = await owner.ok('listSessions')
      return sessions.find((each) => each.userAgent === headers['user-agent'])!.clientAddress
    }
    expect(await seen('203.0.113.9:51234')).toBe('203.0.113.9')
    expect(await seen('[2001:db8::1]:443')).toBe('2001:db8::1')
    expect(await seen('::ffff:203.0.113.10')).toBe('203.0.113.10')
    expect(await seen('x'.repeat(3_000))).toBe('127.0.0.1')
    expect(await seen('203.0.113.11:1, 192.0.2.5:8080')).toBe('203.0.113.11')
    expect(await seen('203.0.113.9, 203.0.113.12:99')).toBe('203.0.113.12')
  })
})
