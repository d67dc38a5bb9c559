import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/** What some tests need beyond npm: how to see that it is there, and the Debian package that brings it. */
const programs = {
  chromium: {
    package: 'chromium',
    places: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/snap/bin/chromium'],
    why: 'the browser journeys',
  },
  postgresql: {
    package: 'postgresql-15',
    places: [15, 16, 17, 18].map((major) => `/usr/lib/postgresql/${major}/bin/postgres`),
    why: 'the tests on a PostgreSQL server',
  },
} as const

export type Program = keyof typeof programs

/** Where the program is, or undefined. */
export function find(program: Program): string | undefined {
  return programs[program].places.find((place) => fs.existsSync(place))
}

/**
 * Installs what is missing, where that can be done without asking: as root on a system with apt-get.
 * @returns what is still missing, as sentences that say what to do; empty when all is there.
 */
export function provide(wanted: Program[]): string[] {
  const missing = wanted.filter((program) => !find(program))
  if (missing.length === 0) return []
  const packages = missing.map((program) => programs[program].package)
  let said = ''
  if (process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get')) {
    console.log(`installing ${packages.join(', ')} (apt-get) …`)
    if (missing.includes('postgresql')) keepFromMakingCluster()
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const apt = (...args: string[]) =>
      spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=300', ...args], { env, encoding: 'utf8' })
    apt('update')
    const { stdout, stderr, status } = apt('install', '--yes', '--no-install-recommends', ...packages)
    if (status !== 0) said = `\n${stdout}${stderr}`.trimEnd()
  }
  return missing
    .filter((program) => !find(program))
    .map(
      (program) =>
        `${programs[program].why} need ${programs[program].package}: apt-get install ${programs[program].package}${said}`,
    )
}

/** Debian's package would also set up and start a server on port 5432, which nobody asked for. */
function keepFromMakingCluster(): void {
  const file = '/etc/postgresql-common/createcluster.d/portico-tests.conf'
  if (fs.existsSync('/etc/postgresql-common')) return
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, 'create_main_cluster = false\n')
}
