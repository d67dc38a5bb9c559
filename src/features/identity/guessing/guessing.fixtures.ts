import { beforeAll, beforeEach, inject } from 'vitest'
import { startSeparateServer, type TestServer } from '../../../../test/test-server.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE

export let server: TestServer

/** Starts the server before the tests of a file. What one test counted over all logins is forgotten in the next. */
export function setUpGuessingTests(): void {
  beforeAll(async () => {
    server = await startSeparateServer(inject('world'), { env: { TRUST_PROXY: 'loopback' } })
    return () => server.close()
  })
  beforeEach(() => server.clock.advance(HOUR))
}

let addresses = 0
/** An address of its own, so that only the budget of the login counts. */
export const newAddress = () => {
  addresses += 1
  return `198.18.${addresses >> 8}.${addresses & 255}`
}
export const from = (address: string) => ({ headers: { 'x-forwarded-for': address } })
