/** The secret of an installation that was not given one: created on its first start, in its data folder. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createFile } from './disk.ts'

const SECRET_LENGTH = 43

/**
 * Readable by its owner only. Of several first starts at once all use the same.
 * @throws Error when the file is incomplete: with another secret, sessions end and the database refuses its roles
 */
export async function readOrCreateSecret(folder: string): Promise<string> {
  const file = join(folder, 'secret')
  const existing = await readIfThere(file)
  if (existing === null) await createFile(file, `${randomBytes(32).toString('base64url')}\n`)
  const secret = (existing ?? (await readFile(file, 'utf8'))).trim()
  if (secret.length < SECRET_LENGTH)
    throw new Error(
      `${file} is incomplete. Restore it from a backup. Only if this installation has no data yet, delete it and start again`,
    )
  return secret
}

const readIfThere = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
