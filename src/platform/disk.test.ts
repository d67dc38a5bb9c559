import { execFile } from 'node:child_process'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { createFile, isDiskFull, publish, writeChecked } from './disk.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-disk-'))
afterAll(() => rmSync(folder, { recursive: true }))

/**
 * Runs code in a process whose files may have 4 KB. As on a full disk, the system takes the first part of a write without an
 * error; it needs no rights, so it works on every machine.
 */
async function runWithSmallFiles(code: string): Promise<string> {
  const script = join(folder, 'script.ts')
  writeFileSync(script, `import * as disk from '${join(import.meta.dirname, 'disk.ts')}'\n${code}`)
  const command = 'ulimit -f 8 && exec "$0" "$1"'
  const { stdout } = await promisify(execFile)('sh', ['-c', command, process.execPath, script], {
    env: { PATH: process.env.PATH },
  })
  return stdout
}

describe('writing to disk', () => {
  it('a write that the system cuts short without an error is no success, and leaves nothing', async () => {
    const path = join(folder, 'cut')
    const outcome = await runWithSmallFiles(`
      const parts = [Buffer.alloc(3000, 'a'), Buffer.alloc(3000, 'b')]
      await disk.writeChecked(${JSON.stringify(path)}, parts).then(
        () => console.log('written'),
        (error) => console.log(disk.isDiskFull(error) ? 'full' : error))`)
    expect(outcome.trim()).toBe('full')
    expect(existsSync(path)).toBe(false)
  })

  it('a small file that does not fit is not created, and leaves no draft', async () => {
    const path = join(folder, 'secret')
    const outcome = await runWithSmallFiles(`
      await disk.createFile(${JSON.stringify(path)}, 'x'.repeat(5000)).then(
        () => console.log('written'),
        (error) => console.log(disk.isDiskFull(error) ? 'full' : error))`)
    expect(outcome.trim()).toBe('full')
    expect(existsSync(path)).toBe(false)
  })

  it('what the disk lost or changed meanwhile is no success, and leaves nothing', async () => {
    const path = join(folder, 'spoiled')
    const spoil: [string, (handle: number) => void][] = [
      ['ENOSPC', (handle) => ftruncateSync(handle, 1)],
      ['EIO', (handle) => writeSync(handle, 'X', 0)],
    ]
    for (const [code, change] of spoil) {
      const parts = function* () {
        yield Buffer.from('one ')
        const handle = openSync(path, 'r+')
        change(handle)
        closeSync(handle)
      }
      await expect(writeChecked(path, parts())).rejects.toMatchObject({ code })
      expect(existsSync(path)).toBe(false)
    }
  })

  it('what fits is there as it arrived, readable by its owner only', async () => {
    const [draft, path] = [join(folder, 'draft'), join(folder, 'kept')]
    const written = await writeChecked(draft, [Buffer.from('one '), Buffer.from('two')])
    expect(written.size).toBe(7)
    await publish(draft, path)
    expect([readFileSync(path, 'utf8'), existsSync(draft), statSync(path).mode & 0o077]).toEqual(['one two', false, 0])
  })

  it('of two who create one file at once one wins, and the file is whole', async () => {
    const path = join(folder, 'once')
    expect(await createFile(path, 'first\n')).toBe(true)
    expect(await createFile(path, 'second\n')).toBe(false)
    expect(readFileSync(path, 'utf8')).toBe('first\n')
  })

  it('nothing that exists is written over, and a full disk is told from a read-only one', async () => {
    const outcome = await writeChecked('/dev/full', [Buffer.from('x')]).catch((error: unknown) => error)
    expect(outcome).toMatchObject({ code: 'EEXIST' })
    expect([isDiskFull({ code: 'ENOSPC' }), isDiskFull({ code: 'EDQUOT' }), isDiskFull({ code: 'EROFS' })]).toEqual([
      true,
      true,
      false,
    ])
  })
})
