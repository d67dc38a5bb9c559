/** Facts about processes on this machine, from /proc on Linux and from ps elsewhere. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'

/** The command line of a live process, each part followed by a space; empty when there is no such process. */
export function commandOf(pid: number): string {
  return processFacts(pid, 'cmdline', 'args').replaceAll('\0', ' ').trim().concat(' ').trimStart()
}

/**
 * When a process started, in the system's own format. Together with the process id this identifies a process for good,
 * because ids are used again. Empty when it is dead.
 */
export function startOfProcess(pid: number): string {
  const facts = processFacts(pid, 'stat', 'lstart')
  if (process.platform !== 'linux') return facts.trim()
  // The name is in brackets and may hold anything. After it come the status (Z: dead, not yet collected) and 18 more fields.
  const fields = facts.slice(facts.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? '' : (fields[19] ?? '')
}

function processFacts(pid: number, procFile: string, psColumn: string): string {
  try {
    if (process.platform === 'linux') return fs.readFileSync(`/proc/${pid}/${procFile}`, 'utf8')
    return execFileSync('ps', ['-p', String(pid), '-o', `${psColumn}=`], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
