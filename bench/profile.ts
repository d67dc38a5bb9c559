/** Summarizes a CPU profile by package or source file, and by function. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[]
  samples: number[]
  timeDeltas: number[]
}

/** Reads the newest profile in `folder` after the profiled process has ended. */
export async function summarizeProfile(processEnd: Promise<void> | void, folder: string): Promise<string> {
  await processEnd
  const file = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .sort()
    .at(-1)
  if (!file) return 'no profile was written'
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]))
  const timeByPlace = new Map<string, number>(),
    timeByFunction = new Map<string, number>()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const { functionName, url, lineNumber } = frames.get(id)!
    const time = timeDeltas[index]!
    if (functionName === '(idle)') continue
    total += time
    const place =
      /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ??
      /\/((?:src|build|db)\/.*)$/.exec(url)?.[1] ??
      (url || functionName)
    timeByPlace.set(place, (timeByPlace.get(place) ?? 0) + time)
    const name = `${functionName || '(anonymous)'} ${place}:${lineNumber + 1}`
    timeByFunction.set(name, (timeByFunction.get(name) ?? 0) + time)
  }
  const formatTop = (times: Map<string, number>, count: number) =>
    [...times]
      .sort((a, b) => b[1] - a[1])
      .slice(0, count)
      .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`)
      .join('\n')
  return `CPU of the application, ${(total / 1e6).toFixed(1)} s\n\nby place\n${formatTop(timeByPlace, 25)}\n\nby function\n${formatTop(timeByFunction, 30)}`
}
