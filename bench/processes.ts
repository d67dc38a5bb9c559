/** Reads the CPU time and memory of processes from /proc. */
import { readdirSync, readFileSync } from 'node:fs'

const readOrEmpty = (path: string) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** PIDs of the postmaster, its background workers and the backends of one database. */
export function postgresPids(postmaster: number, database: string): number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => Number(/^PPid:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1]) === postmaster)
  return [
    postmaster,
    ...children.filter((pid) => {
      // A backend's title is "postgres: <role> <database> [local] <activity>".
      const title = /^postgres: (?:autovacuum worker|\S+) (\S+)(?: \[|\s*$)/.exec(
        readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' '),
      )
      return !title || title[1] === database
    }),
  ]
}

/** CPU milliseconds used by each process and its threads, by PID; from the scheduler's nanosecond clock. */
export function readCpuTimes(pids: readonly number[]): Map<number, number> {
  return new Map(
    pids.map((pid) => {
      let threads: string[] = []
      try {
        threads = readdirSync(`/proc/${pid}/task`)
      } catch {
        /* The process has ended. */
      }
      return [
        pid,
        threads.reduce(
          (sum, thread) => sum + Number(readOrEmpty(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] || 0),
          0,
        ) / 1e6,
      ]
    }),
  )
}

/** CPU milliseconds used between two readings; a process missing from the first counts from zero. */
export function cpuBetween(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  let sum = 0
  for (const [pid, used] of after) sum += Math.max(0, used - (before.get(pid) ?? 0))
  return sum
}

/** Resident memory in MB. */
export const residentMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
