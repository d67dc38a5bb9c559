/** The product as people start it: a process of its own on a database of its own, for what looks at it from outside. */
import { spawn, type ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { DEMO_PASSWORD } from '../demo/sign-ins.ts'
import { freePort } from './free-port.ts'

const root = path.resolve(import.meta.dirname, '..')

export interface Server {
  /** Of the main host. */
  url: string
  port: number
  /** Standard output so far: the demo's welcome, or the set-up link. */
  output(): string
  stop(): Promise<void>
}

/** Starts `portico serve` with these arguments and waits until it listens; `stop` deletes its data. */
export async function serve(...args: string[]): Promise<Server> {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'portico-served-'))
  fs.chmodSync(folder, 0o755)
  const port = await freePort()
  const env = {
    ...process.env,
    PORT: String(port),
    PUBLIC_URL: `http://localhost:${port}`,
    PORTICO_DATA: folder,
    LOG_LEVEL: 'error',
    REQUESTS_PER_MINUTE: '100000',
    SMTP_URL: '',
  }
  const child: ChildProcess = spawn(process.execPath, ['src/main.ts', 'serve', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (/Mailbox|set-up\//.test(output)) resolve()
    })
    child.once('close', (code) => reject(new Error(`the server ended with ${code}`)))
  })
  return {
    url: `http://localhost:${port}`,
    port,
    output: () => output,
    async stop() {
      child.kill('SIGTERM')
      await exited
      fs.rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A browser context signed in as a person of the demo, through the sign-in page `at`. */
export async function signedIn(
  browser: Browser,
  at: string,
  email: string,
  options: BrowserContextOptions,
): Promise<BrowserContext> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  await page.goto(at)
  await page.getByLabel(/^Email/).fill(email)
  await page.getByLabel(/^Password/).fill(DEMO_PASSWORD)
  await page.locator('form').getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => !url.pathname.includes('sign-in'))
  await page.close()
  return context
}
