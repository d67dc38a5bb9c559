import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import sharp from 'sharp'
import { afterAll, describe, expect, test } from 'vitest'
import { cleanName, contentDisposition, downloadHeaders } from './file-names.ts'
import { detectFileType } from './file-types.ts'
import { emptyPng, zip } from './files.fixtures.ts'
import { createDiskStore, FILE_LIMIT, FileMissing, FileRefused } from './files.ts'
import { newId } from './ids.ts'

const folder = mkdtempSync(join(tmpdir(), 'portico-files-'))
const store = createDiskStore(folder)
const account = newId()
afterAll(() => rmSync(folder, { recursive: true }))

const everything = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
const put = (bytes: Buffer | string, name: string, more = {}) =>
  store.put(Readable.from([Buffer.from(bytes)]), { account, name, ...more })
const refused = (bytes: Buffer | string, name: string, more = {}) =>
  put(bytes, name, more).then(
    () => 'kept',
    (error: unknown) => (error instanceof FileRefused ? error.reason : error),
  )
const picture = (format: 'jpeg' | 'png' | 'webp' | 'gif', size = 40) =>
  sharp({ create: { width: size, height: size / 2, channels: 3, background: '#0f6b7c' } })
    .toFormat(format)
    .toBuffer()

describe('keeping files', () => {
  test('what is put comes back whole, under a name that we chose', async () => {
    const kept = await put('a,b\n1,ü\n', '../../etc/parts.CSV')
    expect(kept).toMatchObject({
      name: 'parts.CSV',
      type: 'text/csv',
      size: 9,
      sha256: createHash('sha256').update('a,b\n1,ü\n').digest('hex'),
    })
    expect(kept.key).toMatch(new RegExp(`^${account}/[0-9a-f]{32}$`))
    const { stream, size } = await store.get(kept.key)
    expect([size, (await buffer(stream)).toString()]).toEqual([9, 'a,b\n1,ü\n'])
    expect(statSync(join(folder, kept.key)).mode & 0o077).toBe(0)
    await store.delete(kept.key)
    await store.delete(kept.key)
    await expect(store.get(kept.key)).rejects.toThrow(FileMissing)
  })

  test('no key leads out of the folder', async () => {
    writeFileSync(join(folder, 'secret'), 'x')
    for (const key of [
      'secret',
      '../x',
      `${account}/../secret`,
      `${account}/${'a'.repeat(31)}/`,
      `/${account}`,
      '',
      `${account}/${'0'.repeat(32)}/x`,
    ]) {
      await expect(store.get(key)).rejects.toThrow(FileMissing)
      await store.delete(key)
    }
    expect(statSync(join(folder, 'secret')).isFile()).toBe(true)
    rmSync(join(folder, 'secret'))
  })

  test('more than the limit, nothing, or half an upload is refused and nothing is left of it', async () => {
    const before = everything()
    let asked = 0
    const endless = (function* () {
      for (;;) {
        asked++
        yield Buffer.alloc(1024 * 1024, 'a')
      }
    })()
    await expect(store.put(Readable.from(endless), { account, name: 'big.txt' })).rejects.toMatchObject({
      reason: 'uploadTooLarge',
      vars: { photo: 30, max: 10 },
    })
    expect(asked).toBeLessThan(35)
    expect(await refused(Buffer.alloc(FILE_LIMIT + 1, 'a'), 'big.txt')).toBe('tooLarge')
    expect(await refused('abcd', 'a.txt', { limit: 3 })).toBe('tooLarge')
    expect(await refused('', 'a.txt')).toBe('empty')
    const broken = (async function* () {
      yield Buffer.from('abc')
      throw new Error('connection lost')
    })()
    await expect(store.put(broken, { account, name: 'a.txt' })).rejects.toThrow('connection lost')
    expect(everything()).toEqual(before)
  })

  test('of what a killed process left behind, old files that nothing names are deleted, and no others', async () => {
    const kept = [await put('x', 'x.txt'), await put('y', 'y.txt')].map(({ key }) => key)
    const [named, unnamed] = kept as [string, string]
    const foreign = join(folder, account, 'notes.txt')
    for (const path of [join(folder, 'incoming', 'half'), foreign]) writeFileSync(path, 'x')
    const deleteAfter = async (hours: number) => {
      const later = new Date(Date.now() + hours * 3_600_000)
      const count = await store.deleteAbandoned(later, async (keys) => keys.filter((key) => key !== named))
      return [count, [...kept, 'incoming/half'].filter((path) => existsSync(join(folder, path)))]
    }
    expect(await deleteAfter(23)).toEqual([0, [named, unnamed, 'incoming/half']])
    // A copy of the folder says when a file was written, and is new all the same.
    utimesSync(join(folder, unnamed), new Date(0), new Date(0))
    expect(await deleteAfter(23)).toEqual([0, [named, unnamed, 'incoming/half']])
    const others = everything().length - 3
    expect(await deleteAfter(25)).toEqual([others + 1, [named]])
    expect(existsSync(foreign)).toBe(true)
    rmSync(foreign)
  })

  test('a file is what its bytes say: scripts, pages, archives, programs and animations are refused under any name', async () => {
    const before = everything().length
    const hostile: [string, Buffer | string][] = [
      ['logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
      ['photo.png', '<svg onload=alert(1)>'],
      ['note.txt', '\uFEFF  <!DOCTYPE html><script>alert(1)</script>'],
      ['note.txt', 'hello <script>alert(1)</script>'],
      ['a.html', '<html>'],
      ['run.txt', '#!/bin/sh\nrm -rf /'],
      ['a.pdf', 'MZ\x90\x00\x03'],
      ['a.gif', await picture('gif')],
      ['a.zip', zip(['a.txt'])],
      ['a.docx', zip(['[Content_Types].xml', 'word/document.xml', 'word/vbaProject.bin'])],
      ['a.docx', zip(['[Content_Types].xml', 'word/document.xml']).subarray(0, -30)],
      ['a.rtf', '{\\rtf1'],
      ['a.bin', Buffer.from([1, 2, 3])],
    ]
    for (const [name, bytes] of hostile) expect([name, await refused(bytes, name)]).toEqual([name, 'typeRefused'])
    expect(await refused(Buffer.concat([Buffer.from('ffd8ff', 'hex'), Buffer.from('<script>')]), 'a.jpg')).toBe(
      'pictureBroken',
    )
    expect(everything()).toHaveLength(before)
    expect((await put('just text', 'page.html')).name).toBe('page.html.txt')
  })

  test('the kinds we keep are told apart', async () => {
    const kindOf = async (bytes: Buffer, name = '') => {
      const path = join(folder, 'kind')
      writeFileSync(path, bytes)
      return detectFileType(path, name)
    }
    const word = ['[Content_Types].xml', 'word/document.xml']
    expect(await kindOf(zip(word))).toMatch(/wordprocessingml/)
    expect(await kindOf(Buffer.concat([zip(word), Buffer.alloc(70_000)]))).toBeNull()
    expect(await kindOf(zip(['[Content_Types].xml', 'xl/workbook.xml']))).toMatch(/spreadsheetml/)
    expect(await kindOf(Buffer.from('%PDF-1.7'))).toBe('application/pdf')
    expect(await kindOf(Buffer.from('\0\0\0\x18ftypheic', 'latin1'))).toBe('image/heic')
    expect(await kindOf(Buffer.from('gr\xfc\xdfe;1\r\n', 'latin1'), 'x.csv')).toBe('text/csv')
    // A control character behind the first block that is read.
    expect(await kindOf(Buffer.concat([Buffer.alloc(300_000, 'a'), Buffer.from([1])]))).toBeNull()
    rmSync(join(folder, 'kind'))
  })

  test('pictures are drawn anew: no position, no comment, no second file, upright and at most 4000 px', async () => {
    const secret = 'GPS-canary'
    const photo = await sharp({ create: { width: 4400, height: 100, channels: 3, background: 'red' } })
      .jpeg()
      .withExif({ IFD0: { ImageDescription: secret }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 27/1 0/1' } })
      .withMetadata({ orientation: 6 })
      .toBuffer()
    expect(photo.includes(secret)).toBe(true)
    const kept = await put(Buffer.concat([photo, Buffer.from('<script>alert(1)</script>PK')]), 'IMG 1.JPEG')
    expect(kept).toMatchObject({ name: 'IMG 1.JPEG', type: 'image/jpeg', height: 4000 })
    const bytes = await buffer((await store.get(kept.key)).stream)
    expect(bytes.includes(secret) || bytes.includes('<script>')).toBe(false)
    expect((await sharp(bytes).metadata()).exif).toBeUndefined()
    expect(bytes.length).toBe(kept.size)
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(kept.sha256)
  })

  test.each(['png', 'webp', 'jpeg'] as const)('no %s keeps a position, a device or a comment', async (format) => {
    const sent = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'red' } })
      .toFormat(format)
      .withExif({ IFD0: { Model: 'TestPhone' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 27/1 0/1' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/"><p>TestPhone</p></x:xmpmeta>')
      .toBuffer()
    expect(sent.includes('TestPhone')).toBe(true)
    const { key } = await put(sent, `a.${format}`)
    const bytes = await buffer((await store.get(key)).stream)
    expect(bytes.includes('TestPhone')).toBe(false)
    expect(await sharp(bytes).metadata()).not.toMatchObject({ exif: expect.anything() })
  })

  test('photos of phones are scaled down: 50 megapixels, and a panorama', async () => {
    for (const name of ['50-megapixels.jpg', 'panorama.jpg']) {
      const kept = await put(readFileSync(`test/fixtures/pictures/${name}`), name)
      expect([name, Math.max(kept.width!, kept.height!)]).toEqual([name, 4000])
    }
    // 200 megapixels pass too: this one fails only because it has no pixels.
    expect(await refused(emptyPng(16_384, 12_288, false), 'photo.png')).toBe('pictureBroken')
  })

  test('a pixel flood is refused by its header, and the refusal names the limit of its kind', async () => {
    for (const [width, height, interlaced, megapixels] of [
      [15_000, 15_000, false, 200],
      [100_000, 100_000, false, 200],
      [7200, 7200, true, 50],
    ] as const) {
      const flood = emptyPng(width, height, interlaced)
      await expect(put(flood, 'flood.png')).rejects.toMatchObject({ reason: 'pictureTooLarge', vars: { megapixels } })
    }
  })

  test('a HEIC that claims more pixels than memory has room for is refused before it is decoded', async () => {
    const flood = readFileSync('test/fixtures/pictures/with-position.heic')
    for (const edge of [8, 12]) flood.writeUInt32BE(10_000, flood.indexOf('ispe') + edge)
    await expect(put(flood, 'flood.heic')).rejects.toMatchObject({
      reason: 'pictureTooLarge',
      vars: { megapixels: 50 },
    })
  })

  test('a logo is a picture, becomes a png of at most 360 px', async () => {
    for (const format of ['jpeg', 'png', 'webp'] as const) {
      expect(await put(await picture(format, 1000), `Our logo.${format}`, { purpose: 'logo' })).toMatchObject({
        type: 'image/png',
        width: 360,
        height: 180,
        name: expect.stringMatching(/\.png$/),
      })
    }
    expect(await refused('%PDF-1.7', 'logo.png', { purpose: 'logo' })).toBe('typeRefused')
  })
})

describe('names and headers', () => {
  test('a name keeps nothing that hides, climbs or ends a header', () => {
    const cases: [string, string, string][] = [
      ['C:\\Users\\x\\Plan B.pdf', 'pdf', 'Plan B.pdf'],
      ['../../../etc/passwd', 'txt', 'passwd.txt'],
      ['invoice\u202Efdp.exe', 'pdf', 'invoicefdp.exe.pdf'],
      ['a\r\nSet-Cookie: x=1.txt', 'txt', 'aSet-Cookie_ x=1.txt'],
      ['...', 'txt', 'file.txt'],
      ['', 'png', 'file.png'],
      ['\ud83dbroken\u0000.txt', 'txt', 'broken.txt'],
      ['<img src=x onerror=alert(1)>.png', 'png', '_img src=x onerror=alert(1)_.png'],
      ['Küche 🔧.JPG', 'jpg', 'Küche 🔧.JPG'],
    ]
    for (const [name, extension, clean] of cases) expect(cleanName(name, extension)).toBe(clean)
    expect([...cleanName('😀'.repeat(500) + '.pdf', 'pdf')]).toHaveLength(120)
  })

  test('Content-Disposition carries any name and cannot be broken out of', () => {
    expect(contentDisposition('Küche "neu" 100%.pdf')).toBe(
      `attachment; filename="Kuche _neu_ 100_.pdf"; filename*=UTF-8''K%C3%BCche%20%22neu%22%20100%25.pdf`,
    )
    for (const name of ['a\r\nx: y', '"; filename=evil.html', '日本語.pdf', '\ud800', "o'(*)"]) {
      const header = contentDisposition(name)
      expect(header).toMatch(
        /^attachment; filename="[\x20-\x21\x23-\x5b\x5d-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9%._~!$&+-]*$/,
      )
      new Headers({ 'content-disposition': header })
    }
  })

  test('only pictures are shown in place, and nothing runs', () => {
    for (const type of ['image/png', 'application/pdf', 'text/plain', 'text/html', 'image/heic']) {
      const headers = downloadHeaders({ name: 'x', type, size: 1 })
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
      })
      expect(headers['content-disposition']!.startsWith('inline')).toBe(type === 'image/png')
    }
    expect(downloadHeaders({ name: 'x', type: 'text/html', size: 1 })['content-type']).toBe('application/octet-stream')
  })
})
