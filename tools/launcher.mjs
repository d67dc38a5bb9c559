#!/usr/bin/env node
/*
 * portico.mjs of a release: `node portico.mjs <serve|work|migrate|demo|import|openapi> [arguments]`.
 *
 * Plain JavaScript for Node 18, which may be the only one installed: an older Node starts the Node 24 that npm installed.
 * The V8 compile cache is written to .cache/, if that is writable, to speed up later starts.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(fileURLToPath(import.meta.url))

// npm that is killed passes nothing on: this process then gets another parent.
const parent = process.ppid
if (process.env.npm_lifecycle_event)
  setInterval(() => process.ppid !== parent && process.kill(process.pid, 'SIGTERM'), 500).unref()

if (Number.parseInt(process.versions.node, 10) >= 24) {
  module.enableCompileCache(path.join(root, '.cache'))
  await import(new URL('server/main.js', import.meta.url).href)
} else {
  const installedNode = ['.bin/node', `node-${process.platform}-${process.arch}/bin/node`]
    .map((place) => path.join(root, 'node_modules', place))
    .find((file) => fs.existsSync(file))
  if (!installedNode) {
    process.stderr.write(
      `portico: Portico needs Node 24, this is ${process.versions.node}. Run \`npm ci\` here, or install Node 24.\n`,
    )
    process.exit(1)
  }
  const child = spawn(installedNode, [path.join(root, 'portico.mjs'), ...process.argv.slice(2)], {
    // The child sees the channel close when this process dies, even by SIGKILL, and ends too.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  // A terminal sends Ctrl+C to both processes; the application treats repeated signals as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`portico: ${installedNode} could not be started: ${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)))
}
