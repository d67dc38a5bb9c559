/** What a run has measured, as a page: goals, operations, the figures as JSON. */
import type { Figures } from './load.ts'
import { SIZES, type Size } from './dataset.ts'

export interface Line {
  name: string
  connections: number
  ours: Figures
  ceiling: Figures | null
}

interface Ratio {
  ratio: number | null
  p99_over_p50?: number | null
}

/** The closing line of JSON. Ratios are CPU a request, ours to the ceiling's, the mean over the numbers of connections. */
export interface Answer {
  list: Ratio
  open: Ratio
  search: Ratio
  create: Ratio
  login: Ratio
  staffList: Ratio
  listPage: Ratio
  /** A user with 200 customers against one with three, both ours. */
  partnerLike200: Ratio
  /** Ours at a million jobs against ours at a hundred thousand. */
  growth: Record<
    'list' | 'open' | 'search' | 'create' | 'searchLargest' | 'staffList' | 'partnerLike200',
    number
  > | null
  loginStorm: { ratio: number; quietP99Ms: number; p99Ms: number; signIns: number; refused: number } | null
  startMs: number | null
  rssMb: { idle: number; idleRatio: number; after: number; afterRatio: number }
  installMb: number | null
  /** Answers other than 2xx. */
  failed: number
  size: Size
}

const GOALS: { what: string; must: number; aim: number; of(answer: Answer): number | null | undefined }[] = [
  { what: 'list, to the ceiling', must: 2, aim: 1.4, of: (answer) => answer.list.ratio },
  { what: 'open', must: 2.5, aim: 1.6, of: (answer) => answer.open.ratio },
  { what: 'create', must: 3, aim: 2, of: (answer) => answer.create.ratio },
  { what: 'search', must: 1.6, aim: 1.25, of: (answer) => answer.search.ratio },
  { what: 'sign-in, to bare argon2id', must: 1.3, aim: 1.15, of: (answer) => answer.login.ratio },
  { what: 'user with 200 customers, to one with three', must: 8, aim: 4, of: (answer) => answer.partnerLike200.ratio },
  ...(['list', 'open', 'search', 'create'] as const).map((name) => ({
    what: `growth to a million jobs, ${name}`,
    must: 1.3,
    aim: 1.1,
    of: (answer: Answer) => answer.growth?.[name],
  })),
  { what: 'list p99 during 64 sign-ins, to quiet', must: 4, aim: 2, of: (answer) => answer.loginStorm?.ratio },
  ...(['list', 'open', 'search', 'create'] as const).map((name) => ({
    what: `p99 to p50 at 64 connections, ${name}`,
    must: 5,
    aim: 3,
    of: (answer: Answer) => answer[name].p99_over_p50,
  })),
  { what: 'answers other than 2xx', must: 0, aim: 0, of: (answer) => answer.failed },
  { what: 'memory idle, to the bare server', must: 2, aim: 1.5, of: (answer) => answer.rssMb.idleRatio },
  { what: 'memory after the run', must: 2, aim: 1.5, of: (answer) => answer.rssMb.afterRatio },
  { what: 'start to the first answer, ms', must: 1500, aim: 800, of: (answer) => answer.startMs },
  { what: 'installed, MB', must: 60, aim: 40, of: (answer) => answer.installMb },
]

/** One operation at one number of connections. */
export function row({ name, connections, ours, ceiling }: Line): string {
  const side = (each: Figures) =>
    `${(each.app * 1000).toFixed(0)} + ${(each.database * 1000).toFixed(0)} | ${each.perSecond.toFixed(0)} | ${each.p50.toFixed(1)} / ${each.p99.toFixed(1)}`
  const failed = [ours.failed && `${ours.failed} failed`, ceiling?.failed && `ceiling: ${ceiling.failed} failed`]
    .filter(Boolean)
    .join(', ')
  return `| ${name}${failed && ` (${failed})`} | ${connections} | ${ceiling ? (ours.cpu / ceiling.cpu).toFixed(2) : ''} | ${side(ours)} | ${ceiling ? side(ceiling) : ' | | '} |`
}

function goal({ what, must, aim, of }: (typeof GOALS)[number], answer: Answer): string[] {
  const found = of(answer)
  if (found === null || found === undefined) return []
  return [
    `| ${what} | ${must} | ${aim} | ${found} | ${found <= aim ? 'aim reached' : found <= must ? 'met' : '**missed**'} |`,
  ]
}

export function report(
  answer: Answer,
  table: readonly Line[],
  { size, rounds, seconds, about }: { size: Size; rounds: number; seconds: number; about: string },
): string {
  return `# The bench

${about}

\`npm run bench${size === '100k' ? '' : ` -- --size ${size}`}\`: ${SIZES[size].jobs.toLocaleString('en')} jobs, ${SIZES[size].customers.toLocaleString('en')} customers, ${rounds} alternating bursts of ${seconds} s a side.

| goal | must | aim | measured | |
| --- | ---: | ---: | ---: | --- |
${GOALS.flatMap((each) => goal(each, answer)).join('\n')}

CPU is µs a request, application + PostgreSQL, from the process table; the ratio is ours to the ceiling's. What the ceiling is and what it
leaves out is in docs/decisions/0009-measured-beside-a-bare-ceiling.md.

| operation | connections | ratio | ours: CPU | req/s | p50 / p99 ms | ceiling: CPU | req/s | p50 / p99 ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${table.map(row).join('\n')}

\`\`\`json
${JSON.stringify(answer)}
\`\`\`
`
}
