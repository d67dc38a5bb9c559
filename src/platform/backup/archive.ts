/** One tar, compressed with gzip, written and read as a stream. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack } from 'tar-stream'
import { BackupError, MANIFEST, parseManifest, type Manifest } from './manifest.ts'

type EntryOfManifest = Manifest['entries'][number]

export interface ArchiveWriter {
  entries: EntryOfManifest[]
  addBytes(name: string, bytes: Buffer): Promise<void>
  /** @param size bytes that `source` yields */
  addStream(name: string, size: number, source: Readable): Promise<void>
  /** Writes the manifest and everything to disk. */
  finish(manifest: Manifest): Promise<void>
  /** Ends without a complete archive; the file stays. */
  abort(): Promise<void>
}

/** Readable by its owner only: an archive holds what the database holds. */
const ARCHIVE_MODE = 0o600
// Of the levels that compress rows well, the quickest; photos do not get smaller at any level.
const GZIP_LEVEL = 3

/** Creates the file; it must not exist. */
export function writeArchive(path: string, created: Date): ArchiveWriter {
  const tar = pack()
  const file = createWriteStream(path, { flags: 'wx', mode: ARCHIVE_MODE, flush: true })
  const written = pipeline(tar, createGzip({ level: GZIP_LEVEL }), file)
  // A full disk ends the pipeline, and then no entry ever would.
  const failure = new Promise<never>((_resolve, reject) => written.catch(reject))
  failure.catch(() => {})
  const entries: EntryOfManifest[] = []
  const header = (name: string, size: number) => ({ name, size, mode: ARCHIVE_MODE, mtime: created })

  async function addBytes(name: string, bytes: Buffer): Promise<void> {
    const added = new Promise<void>((resolve, reject) =>
      tar.entry(header(name, bytes.length), bytes, (error) => (error ? reject(error) : resolve())),
    )
    await Promise.race([added, failure])
    entries.push({ name, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  }

  return {
    entries,
    addBytes,
    async addStream(name, size, source) {
      const hash = createHash('sha256')
      source.on('data', (chunk: Buffer) => hash.update(chunk))
      await Promise.race([pipeline(source, tar.entry(header(name, size))), failure])
      entries.push({ name, size, sha256: hash.digest('hex') })
    },
    async finish(manifest) {
      await addBytes(MANIFEST, Buffer.from(JSON.stringify(manifest, null, 1)))
      tar.finalize()
      await written
    },
    async abort() {
      tar.destroy()
      await written.catch(() => {})
    },
  }
}

/** Reads all entries in order; `take` must consume each stream. @throws BackupError when the file is cut or no archive */
export async function readArchive(
  path: string,
  take: (entry: { name: string; size: number; stream: AsyncIterable<Buffer> }) => Promise<void>,
): Promise<void> {
  const tar = extract()
  const source = createReadStream(path)
  const reading = pipeline(source, createGunzip(), tar).catch((error: unknown) => {
    tar.destroy(error as Error)
    throw error
  })
  reading.catch(() => {})
  try {
    for await (const entry of tar)
      await take({ name: entry.header.name, size: entry.header.size, stream: entry as AsyncIterable<Buffer> })
    await reading
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    source.destroy()
  }
}

function unreadable(path: string, error: unknown): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return new BackupError(`There is no file ${path}.`)
  if (code === 'Z_BUF_ERROR' || message === 'Unexpected end of data')
    return new BackupError(`${path} is cut short: it is not a complete backup.`)
  if (code.startsWith('Z_') || /tar header|Invalid tar/.test(message))
    return new BackupError(`${path} is damaged or no Portico backup: ${message}.`)
  return error
}

/** Reads an archive to its end and compares every entry with the manifest. @throws BackupError when something differs */
export async function inspectArchive(path: string): Promise<Manifest> {
  const found: EntryOfManifest[] = []
  let text: string | undefined
  await readArchive(path, async ({ name, size, stream }) => {
    if (text !== undefined) throw new BackupError(`${path} is no Portico backup: something follows its manifest.`)
    const hash = createHash('sha256')
    const parts: Buffer[] = []
    for await (const chunk of stream) {
      hash.update(chunk)
      if (name === MANIFEST) parts.push(chunk)
    }
    if (name === MANIFEST) text = Buffer.concat(parts).toString()
    else found.push({ name, size, sha256: hash.digest('hex') })
  })
  if (text === undefined) throw new BackupError(`${path} is cut short: it is not a complete backup.`)
  const manifest = parseManifest(text)
  const different = manifest.entries.find((entry, at) => {
    const other = found[at]
    return other?.name !== entry.name || other.size !== entry.size || other.sha256 !== entry.sha256
  })
  if (different || found.length !== manifest.entries.length)
    throw new BackupError(`${path} is damaged: ${different?.name ?? 'an entry'} is not what was written.`)
  return manifest
}
