/**
 * A second node of a test server, in a process of its own: requests of the tests alternate between both. Run as a program it
 * is that node; both read the time from one file, which only the test sets.
 */
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestClock } from '../src/platform/clock.ts'
import type { World } from './database.ts'
import { freePort } from './free-port.ts'
import { setNodes } from './request.ts'
import { startTestApp, type TestNode } from './test-app.ts'

export interface SharedClock extends TestClock {
  file: string
}

interface SecondNode extends TestNode {
  clockFile: string
  listenOn: number
}

/** The same clock, whose time other processes can read. */
export function shareClock(world: World, clock: TestClock): SharedClock {
  const file = join(world.folder, `clock-${randomBytes(4).toString('hex')}`)
  const write = () => writeFileSync(file, String(clock.now().getTime()))
  write()
  return {
    file,
    now: () => clock.now(),
    advance(ms) {
      clock.advance(ms)
      write()
    },
    set(moment) {
      clock.set(moment)
      write()
    },
  }
}

export async function startSecondNode(node: TestNode, clock: TestClock): Promise<{ close(): Promise<void> }> {
  const settings: SecondNode = { ...node, clockFile: (clock as SharedClock).file, listenOn: await freePort() }
  const child = fork(import.meta.filename, [JSON.stringify(settings)], { execArgv: [] })
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => ['ended before it was ready']),
  ])) as [unknown]
  if (message !== 'ready') throw new Error(`The second node ${String(message)}`)
  setNodes(node.port, [node.port, settings.listenOn])
  return {
    async close() {
      setNodes(node.port, [node.port])
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

if (process.argv[1] === import.meta.filename) {
  const { clockFile, listenOn, ...node } = JSON.parse(process.argv[2]!) as SecondNode
  const app = await startTestApp(node, {
    clock: { now: () => new Date(Number(readFileSync(clockFile, 'utf8'))) },
    listenOn,
    log: (line) => {
      if (/"level":(50|60)/.test(line)) process.stderr.write(line)
    },
  })
  process.once('disconnect', () => void app.stop().then(() => process.exit(0)))
  process.send!('ready')
}
