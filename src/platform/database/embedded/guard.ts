/**
 * Stops the server of a process that was killed, unless others use it.
 *
 * A shell waits for the end of a pipe that only the application holds: it costs a megabyte and outlives a SIGKILL. Only then
 * does it start Node with stop-abandoned.ts, which takes the lock like any other process.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import type { Cluster } from './cluster.ts'

const NORMAL_END = 'stopped'
const program = ['stop-abandoned.ts', 'stop-abandoned.js']
  .map((name) => path.join(import.meta.dirname, name))
  .find((file) => fs.existsSync(file))!

/** Guards the server of `cluster` until the returned function is called. */
export function startGuard(cluster: Cluster): () => void {
  const script = `read -r end; [ "$end" = ${NORMAL_END} ] || exec "$0" "$@"`
  const guard = spawn('/bin/sh', ['-c', script, process.execPath, program, cluster.folder, cluster.userFile], {
    // A session of its own: what ends our process group, such as closing the terminal, leaves it.
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: '/usr/bin:/bin' },
  })
  guard.on('error', (error) => cluster.log(`the database will outlive a killed process: ${error.message}`))
  guard.stdin.on('error', () => {})
  guard.unref()
  // A pipe of a child process is a socket here, which would keep this process running.
  ;(guard.stdin as unknown as { unref(): void }).unref()
  return () => guard.stdin.end(`${NORMAL_END}\n`)
}
