import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { readOrCreateSecret } from './secret-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-secret-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('several first starts at once get one secret of 256 bits, which only its owner reads', async () => {
  const secrets = await Promise.all(Array.from({ length: 10 }, () => readOrCreateSecret(folder)))
  expect(new Set(secrets).size).toBe(1)
  expect(Buffer.from(secrets[0]!, 'base64url')).toHaveLength(32)
  expect(await readOrCreateSecret(folder)).toBe(secrets[0])
  expect(statSync(join(folder, 'secret')).mode & 0o077).toBe(0)
  expect(readdirSync(folder)).toEqual(['secret'])
})

it('a secret that was cut short is refused with words, and stays as it is', async () => {
  const file = join(folder, 'secret')
  for (const rest of ['', 'half-of-a-secret\n']) {
    writeFileSync(file, rest)
    await expect(readOrCreateSecret(folder)).rejects.toThrow('is incomplete. Restore it from a backup')
    expect(readFileSync(file, 'utf8')).toBe(rest)
  }
})
