/** CPU time and memory of whole processes, read from the process table: what a request costs, whoever waits for it. */
import { readdirSync, readFileSync } from 'node:fs'

const read = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** PostgreSQL as far as it works for one database: the postmaster, its own helpers, and that database's backends. */
export function serversOf(postmaster: number, database: string): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1]) === postmaster)
  return [
    postmaster,
    ...children.filter((pid) => {
      // A backend's title: "postgres: <role> <database> [local] <what it does>".
      const title = /^postgres: (?:autovacuum worker|\S+) (\S+)(?: \[|\s*$)/.exec(
        read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '),
      )
      return !title || title[1] === database
    }),
  ]
}

/** Milliseconds of CPU that each of these processes, with all its threads, has used; by pid. Nanosecond clock of the scheduler. */
export function cpuOf(pids: readonly number[]): Map<number, number> {
  return new Map(
    pids.map((pid) => {
      let threads: string[] = []
      try {
        threads = readdirSync(`/proc/${pid}/task`)
      } catch {
        /* it has ended */
      }
      return [
        pid,
        threads.reduce(
          (sum, thread) => sum + Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] || 0),
          0,
        ) / 1e6,
      ]
    }),
  )
}

/** CPU used between two readings; a process that is new has used all it has used. */
export function cpuBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  let sum = 0
  for (const [pid, used] of after) sum += Math.max(0, used - (before.get(pid) ?? 0))
  return sum
}

/** Resident memory in MB. */
export const rssOf = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
