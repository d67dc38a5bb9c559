import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { newToken } from './secrets.ts'
import { createTestClock } from './clock.ts'

function capture() {
  const lines: string[] = []
  const log = createLog({
    level: 'debug',
    clock: createTestClock('2026-01-02T03:04:05Z'),
    to: { write: (line: string) => void lines.push(line) },
  })
  return { log, lines, all: () => lines.join('') }
}

test('C7: no password, token, cookie, authorization header or mail body reaches the log, at any depth', () => {
  const { log, lines, all } = capture()
  const { token } = newToken()
  const secret = 'canary-4711'
  log.info(
    { password: secret, a: { b: [{ newPassword: secret, headers: { cookie: secret, Authorization: secret } }] } },
    'one',
  )
  log.info({ mail: { html: secret, text: secret, subject: 'kept' }, payload: { x: secret }, SMTP_URL: secret }, 'two')
  log.warn({ url: `/p/harbour/activate/${token}?x=1` }, `opened ${token}`)
  log.error(
    Object.assign(new Error(`connect smtp://user:${secret}@mail.example failed`), {
      detail: secret,
      cause: new Error(`at ${token}`),
    }),
    'three',
  )
  log.child({ token: secret }).info('four')
  expect(lines).toHaveLength(5)
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ time: '2026-01-02T03:04:05.000Z' })
  expect(all()).not.toContain(secret)
  expect(all()).not.toContain(token)
  expect(all()).toContain('"subject":"kept"')
  expect(all()).toContain('/p/harbour/activate/[token]?x=1')
  expect(JSON.parse(lines[3]!).err).toMatchObject({ type: 'Error', message: 'connect smtp://mail.example failed' })
})

// A device that is always full. Linux has it, macOS does not.
test.skipIf(!existsSync('/dev/full')).each(['json', 'pretty'])(
  'a full disk under the log (%s) ends no process',
  (format) => {
    const script = `
      const { createLog } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'log.ts')).href)})
      const log = createLog({ format: ${JSON.stringify(format)} })
      for (let line = 0; line < 5; line++) {
        log.error({ err: new Error('lost') }, 'a line')
        await new Promise((go) => setImmediate(go))
      }
      console.error('still serving')`
    const full = openSync('/dev/full', 'w')
    try {
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      })
      expect([status, stderr]).toEqual([0, expect.stringContaining('still serving')])
      if (format === 'json') expect(stderr.match(/the log cannot be written: ENOSPC/g)).toHaveLength(1)
    } finally {
      closeSync(full)
    }
  },
)
