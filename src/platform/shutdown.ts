/** Ends a process in order: at its own end, on a signal, and when the launcher that started it has died. */

export interface Shutdown {
  /** Runs when the process ends, in whatever way; the last added runs first. Answers a function that withdraws it. */
  add(step: () => Promise<unknown>): () => void
  /** Runs all steps, then ends the process. A second call waits for the first. */
  exit(code: number): Promise<never>
  /** Whether the process is ending; errors from then on are a consequence of it. */
  isExiting(): boolean
}

/** @param interrupted is told what ends the process, such as SIGTERM, and answers its exit code */
export function createShutdown(interrupted: (reason: string) => number): Shutdown {
  const steps: (() => Promise<unknown>)[] = []
  let exiting: Promise<never> | undefined

  async function runAll(code: number): Promise<never> {
    for (let step = steps.pop(); step; step = steps.pop()) await step().catch(() => {})
    process.exit(code)
  }
  // A terminal sends Ctrl+C to this process and to its launcher, which forwards it: repeated signals count as one.
  const interrupt = (reason: string) => {
    if (!exiting) exiting = runAll(interrupted(reason))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt(signal))
  // The launcher holds the other end of this channel: it closes when the launcher dies, even by SIGKILL.
  process.on('disconnect', () => interrupt('end of the launcher'))
  process.channel?.unref()
  if (process.connected === false) interrupt('end of the launcher')

  return {
    add(step) {
      steps.push(step)
      return () => {
        const at = steps.indexOf(step)
        if (at >= 0) steps.splice(at, 1)
      }
    },
    exit: (code) => (exiting ??= runAll(code)),
    isExiting: () => exiting !== undefined,
  }
}
