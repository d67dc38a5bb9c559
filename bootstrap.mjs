#!/usr/bin/env node
/*
 * The first step of every command: `node bootstrap.mjs <start|serve|test|build|…> [arguments]`.
 *
 * It is plain JavaScript for Node 20, the oldest version it supports. It installs missing packages and then runs everything
 * else under the Node version that npm installed (node_modules/.bin/node).
 *
 *   start   build the pages if their sources changed, then serve with demo data
 *   serve   the same without demo data
 *   test    all checks (test/run.ts)
 *   build   build the pages only
 *   release build the pages and a release (tools/release.ts)
 *   other   commands of src/main.ts: migrate, demo, import, work, openapi …; help lists them
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(fileURLToPath(import.meta.url))
const inProject = (...parts) => path.join(root, ...parts)
const npmRecord = 'node_modules/.package-lock.json'
const installRecord = 'node_modules/.portico-install'
const [command = 'start', ...rest] = process.argv.slice(2)

if (!installed()) await install()
const node = findNode()
const wantsHelp = rest.includes('--help') || rest.includes('-h')
switch (wantsHelp ? 'help' : command) {
  case 'start':
    await buildPages()
    await runInForeground(['src/main.ts', 'serve', '--demo', ...rest])
    break
  case 'serve':
    await buildPages()
    await runInForeground(['src/main.ts', 'serve', ...rest])
    break
  case 'test':
    await runInForeground(['test/run.ts', ...rest])
    break
  case 'build':
    if (rest.length > 0) fail(`build takes no options, so not "${rest[0]}"`)
    await buildPages()
    break
  case 'release':
    await buildPages()
    await runInForeground(['tools/release.ts', ...rest])
    break
  case 'help':
    await runInForeground([
      'src/main.ts',
      command in { start: 0, build: 0, test: 0, release: 0 } ? 'help' : command,
      ...rest,
    ])
    break
  default:
    await runInForeground(['src/main.ts', command, ...rest])
}

// ------------------------------------------------------------------------------------------------------------- installing

/**
 * Whether node_modules holds what package-lock.json names: because our own `npm ci` ended well on these very files, or,
 * after a manual install, because npm's record of what it installed agrees.
 */
function installed() {
  if (!fs.existsSync(inProject('package-lock.json')))
    fail('package-lock.json is missing: this copy of Portico is incomplete')
  // npm writes its record last: an install that was cut short has none.
  if (!fs.existsSync(inProject(npmRecord))) return false
  if (
    fs.existsSync(inProject(installRecord)) &&
    fs.readFileSync(inProject(installRecord), 'utf8') === digestOfInstall()
  )
    return true
  const present = readJson(npmRecord).packages
  return Object.entries(readJson('package-lock.json').packages).every(([place, entry]) => {
    if (place === '') return true
    const found = present[place]
    // Packages for other platforms may be missing; optional packages for this platform (Node, PostgreSQL) are required.
    if (!found) return Boolean(entry.optional) && !(entry.os && suits(entry))
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

function digestOfInstall() {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', npmRecord]) hash.update(fs.readFileSync(inProject(file)))
  return hash.digest('hex')
}

function suits(entry) {
  // npm writes one name, a list, or `!name` for all platforms but that one.
  const allows = (names, current) => {
    const list = [names ?? []].flat()
    const excludes = list.every((name) => name.startsWith('!'))
    return excludes ? !list.includes(`!${current}`) : list.includes(current)
  }
  return (
    allows(entry.os, process.platform) && allows(entry.cpu, process.arch) && (!entry.libc || allows(entry.libc, libc()))
  )
}

function libc() {
  return process.report.getReport().header.glibcVersionRuntime ? 'glibc' : 'musl'
}

async function install() {
  print('installing packages (npm ci), which takes some minutes the first time …')
  const began = Date.now()
  // Development packages too, whatever NODE_ENV says: the pages are built here.
  const args = ['ci', '--include=optional', '--include=dev', '--no-audit', '--no-fund']
  const { code, output } = await runQuietly('npm', args, { ...process.env, PATH: pathWithoutProject() })
  if (code !== 0) fail(`packages could not be installed (npm exited with code ${code}):\n${output}`)
  fs.writeFileSync(inProject(installRecord), digestOfInstall())
  print(`packages installed in ${seconds(began)}`)
}

/**
 * npm must not run under node_modules/.bin/node (which npm scripts put first in PATH): it deletes that file half-way and
 * could then start nothing more. Where that is the only Node there is, it has to do.
 */
function pathWithoutProject() {
  const all = (process.env.PATH ?? '').split(path.delimiter)
  const others = all.filter((folder) => !folder.includes(`node_modules${path.sep}.bin`))
  const has = (name) => others.some((folder) => fs.existsSync(path.join(folder, name)))
  return (has('npm') && has('node') ? others : all).join(path.delimiter)
}

/** The Node that everything else runs under. */
function findNode() {
  const installedNode = ['.bin/node', `node-${process.platform}-${process.arch}/bin/node`]
    .map((place) => inProject('node_modules', place))
    .find((file) => fs.existsSync(file))
  if (installedNode) return installedNode
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath
  return fail(
    `Portico requires Node 24, but this is Node ${process.versions.node}. ` +
      `npm has no Node 24 package for ${process.platform} ${process.arch}. Install Node 24 and try again.`,
  )
}

// ------------------------------------------------------------------------------------------------------------------- pages

/** Builds the pages into build/ unless they were built from these very sources. */
async function buildPages() {
  if (!fs.existsSync(inProject('vite.config.ts'))) return
  const mark = inProject('build', '.sources')
  const sources = digestOfSources()
  if (fs.existsSync(mark) && fs.readFileSync(mark, 'utf8') === sources) return
  print('building pages …')
  const began = Date.now()
  // Without the old mark first: a build that is cut short must not pass for the one before.
  fs.rmSync(mark, { force: true })
  const env = { ...process.env, NODE_ENV: 'production' }
  const { code, output } = await runQuietly(node, [inProject('node_modules/vite/bin/vite.js'), 'build'], env)
  if (code !== 0) fail(`pages could not be built (vite exited with code ${code}):\n${output}`)
  fs.mkdirSync(path.dirname(mark), { recursive: true })
  fs.writeFileSync(mark, sources)
  print(`pages built in ${seconds(began)}`)
}

/** What can end up in a page: the web folder, the screens of every noun, the contracts and rules they use, words and tools. */
function digestOfSources() {
  const hash = createHash('sha256')
  const inPages = (file) =>
    !file.endsWith('.test.ts') &&
    (/^src\/(web|ui)\/|^src\/paths\.ts|\/ui\/|\/(rules|contract)\.ts$|^locales\//.test(file) || !file.includes('/'))
  const files = [
    ...['package-lock.json', 'vite.config.ts', 'tsconfig.json', 'src/paths.ts'].filter((file) =>
      fs.existsSync(inProject(file)),
    ),
    ...['src/web', 'src/ui', 'src/features', 'locales'].flatMap(filesIn),
  ]
  for (const file of files.filter(inPages).sort()) {
    hash
      .update(`${file}\0`)
      .update(fs.readFileSync(inProject(file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function filesIn(folder) {
  if (!fs.existsSync(inProject(folder))) return []
  return fs.readdirSync(inProject(folder), { withFileTypes: true }).flatMap((entry) => {
    const place = `${folder}/${entry.name}`
    return entry.isDirectory() ? filesIn(place) : [place]
  })
}

// --------------------------------------------------------------------------------------------------------------- processes

/**
 * Runs Node on this project's code and passes on its output, signals and exit code. The child sees the channel close when
 * this process dies, even by SIGKILL, and ends too.
 */
function runInForeground(args) {
  const child = spawn(node, args, { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: envForNode() })
  // A terminal sends Ctrl+C to both of us, and npm forwards it once more: the application counts repeated signals as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  whenNpmEnds(() => child.kill('SIGTERM'))
  child.once('error', (error) => fail(`${node} could not be started: ${error.message}`))
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)))
  return new Promise(() => {})
}

/** npm that is killed passes nothing on; this process then gets another parent (package.json starts it without a shell). */
function whenNpmEnds(stop) {
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && stop(), 500).unref()
}

/** What the application starts by the name `node` should be the same Node. */
function envForNode() {
  const bin = inProject('node_modules', '.bin')
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  return {
    // What V8 makes of our code is kept: a third less work at the next start.
    NODE_COMPILE_CACHE: inProject('node_modules', '.cache', 'portico'),
    ...process.env,
    PATH: [bin, ...folders.filter((folder) => folder !== bin)].join(path.delimiter),
  }
}

/** Runs a command and keeps its output for the case that it fails. */
function runQuietly(program, args, env) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const forward = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
    const end = (code) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, forward)
      resolve({ code, output: output.trim() })
    }
    child.once('error', (error) => ((output += error.message), end(127)))
    child.once('close', (code, signal) => end(code ?? signal))
  })
}

function readJson(file) {
  return JSON.parse(fs.readFileSync(inProject(file), 'utf8'))
}

function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`
}

function print(line) {
  process.stderr.write(`portico: ${line}\n`)
}

function fail(text) {
  print(text)
  process.exit(1)
}
