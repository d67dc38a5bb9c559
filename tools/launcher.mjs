#!/usr/bin/env node
/*
 * portico.mjs of a release: `node portico.mjs <serve|work|migrate|demo|import|openapi> [arguments]`.
 *
 * Plain JavaScript for Node 20, because that may be all a machine has: an older Node hands over to the one that npm
 * brought. What V8 makes of our code is kept in .cache/ where that can be written, so that later starts are quicker.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import module from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(fileURLToPath(import.meta.url))

if (Number.parseInt(process.versions.node, 10) >= 24) {
  module.enableCompileCache(path.join(root, '.cache'))
  await import(new URL('server/main.js', import.meta.url).href)
} else {
  const brought = ['.bin/node', `node-${process.platform}-${process.arch}/bin/node`]
    .map((place) => path.join(root, 'node_modules', place))
    .find((file) => fs.existsSync(file))
  if (!brought) {
    process.stderr.write(
      `portico: Portico needs Node 24, this is ${process.versions.node}. Run \`npm ci\` here, or install Node 24.\n`,
    )
    process.exit(1)
  }
  const child = spawn(brought, [path.join(root, 'portico.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl+C to both of us: the application counts repeated signals as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.once('error', (error) => {
    process.stderr.write(`portico: ${brought} could not be started: ${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(code ?? 128 + (os.constants.signals[signal] ?? 0)))
}
