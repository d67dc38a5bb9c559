/** What the command line offers and takes. main.ts runs it. */
import { parseArgs } from 'node:util'

/** Commands with their arguments, as `help` prints them. `options` are the flags; null: the command reads its own. */
const COMMANDS = {
  serve: { usage: 'serve [--demo]', does: 'Serve portals and office, and send email', options: ['demo'] },
  work: { usage: 'work', does: 'Send email only', options: [] },
  migrate: {
    usage: 'migrate [--accept-wider]',
    does: 'Upgrade the database',
    options: ['accept-wider'],
  },
  demo: { usage: 'demo', does: 'Load the demo businesses where they are missing', options: [] },
  import: { usage: 'import jobs|customers FILE …', does: 'Import a CSV file', options: null },
  backup: { usage: 'backup FILE|FOLDER …', does: 'Write database and files into one proven archive', options: null },
  restore: { usage: 'restore FILE …', does: 'Replace database and files by those of an archive', options: null },
  openapi: { usage: 'openapi', does: 'Print the API document', options: [] },
  help: { usage: 'help', does: 'Print this help', options: [] },
  version: { usage: 'version', does: 'Print the version', options: [] },
} as const satisfies Record<string, { usage: string; does: string; options: readonly string[] | null }>

export type CommandName = keyof typeof COMMANDS

/** Commands of bootstrap.mjs, which a release does not have. */
const PROJECT_COMMANDS = {
  start: 'Build the pages if needed, and serve with demo data',
  test: 'Run all checks',
  build: 'Build the pages',
  release: 'Build a release into release/',
}

const SYNONYMS: Record<string, CommandName> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-v': 'version',
}

export interface CommandLine {
  command: CommandName
  /** Flags that were given, such as `demo`. */
  flags: ReadonlySet<string>
  /** Everything behind the command. */
  rest: string[]
}

/**
 * @param args what follows the program's name; nothing means `serve`
 * @throws Error with one sentence for a command or option that does not exist
 */
export function readCommandLine([first = 'serve', ...rest]: string[]): CommandLine {
  const command = SYNONYMS[first] ?? first
  if (!isCommand(command)) throw new Error(`Unknown command "${first}". Commands: ${Object.keys(COMMANDS).join(', ')}`)
  const { options } = COMMANDS[command]
  if (rest.some((each) => each === '--help' || each === '-h')) return { command: 'help', flags: new Set(), rest: [] }
  if (options === null) return { command, flags: new Set(), rest }
  try {
    const { values } = parseArgs({
      args: rest,
      options: Object.fromEntries(options.map((name) => [name, { type: 'boolean' as const }])),
    })
    return { command, flags: new Set(Object.keys(values)), rest }
  } catch (error) {
    const wrong = rest.find((each) => !options.some((name) => each === `--${name}`))
    throw new Error(`Unknown option "${wrong}". Usage: ${COMMANDS[command].usage}`, { cause: error })
  }
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(COMMANDS, name)

/** @param release whether this is a release: started by portico.mjs, not by bootstrap.mjs */
export function helpText(version: string, release: boolean): string {
  const row = (usage: string, does: string) => `  ${usage.padEnd(30)}${does}`
  const program = release ? 'node portico.mjs' : 'node bootstrap.mjs'
  return [
    `Portico ${version}`,
    '',
    `Usage: ${program} <command>`,
    '',
    ...Object.values(COMMANDS).map(({ usage, does }) => row(usage, does)),
    ...(release ? [] : Object.entries(PROJECT_COMMANDS).map(([usage, does]) => row(usage, does))),
    '',
    'Settings are environment variables such as PORT, HOST, PUBLIC_URL and DATABASE_URL: see docs/self-hosting.md.',
    '',
  ].join('\n')
}

const FILE_ERRORS: Record<string, string> = {
  EACCES: 'this account may not open or change it. Change its owner or rights, or run the command as another account',
  EPERM: 'this account may not open or change it. Change its owner or rights, or run the command as another account',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of this path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
}

/** What an administrator reads about an error that ends a command. The system's own errors name a call and a number. */
export function explainError({ code = '', path, message }: NodeJS.ErrnoException): string {
  const reason = FILE_ERRORS[code]
  return reason && path ? `${path}: ${reason} (${code})` : message
}
