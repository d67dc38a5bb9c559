/** Formats the results of a run as Markdown: goals, operations and the summary as JSON. */
import type { LoadFigures } from './load.ts'
import { SIZES, type Size } from './dataset.ts'
import { READER_KINDS, type ReaderKind } from './tickets.ts'

export interface OperationRow {
  name: string
  connections: number
  ours: LoadFigures
  ceiling: LoadFigures | null
  /** The second baseline, for the operations that it has. */
  lean: LoadFigures | null
}

interface Ratio {
  ratio: number | null
  /** To the second baseline, on the leanest schema. */
  leanRatio?: number | null
  p99_over_p50?: number | null
}

interface Burst {
  ratio: number
  p99Ms: number
}

/** The last line of output, as JSON. Ratios are CPU per request, ours to the ceiling's, averaged over connection counts. */
export interface BenchSummary {
  list: Ratio
  open: Ratio
  search: Ratio
  create: Ratio
  login: Ratio
  staffList: Ratio
  listPage: Ratio
  /** Our CPU per request for a user with 200 customers, relative to one with three. */
  partnerLike200: Ratio
  ticketList: Record<ReaderKind, number | null>
  ticketOpen: Record<ReaderKind, number | null>
  /** Our CPU per request at 1,000,000 jobs, relative to 100,000. */
  growth: Record<
    'list' | 'open' | 'search' | 'create' | 'searchLargest' | 'staffList' | 'partnerLike200',
    number
  > | null
  loginStorm: { ratio: number; quietP99Ms: number; p99Ms: number; signIns: number; refused: number } | null
  /** Bursts of the list: CPU per request relative to a busy server, and p99. */
  bursts: { cold: Burst; afterSilence: Burst; steadyP99Ms: number } | null
  startMs: number | null
  rssMb: { idle: number; idleRatio: number; after: number; afterRatio: number }
  installMb: number | null
  /** Responses other than 2xx. */
  failed: number
  size: Size
}

const READERS_OF: Record<ReaderKind, string> = { whole: 'a customer', contact: 'a contact', link: 'a link visitor' }

const GOALS: { what: string; must: number; aim: number; measure(summary: BenchSummary): number | null | undefined }[] =
  [
    { what: 'list, to the ceiling', must: 2, aim: 1.4, measure: (summary) => summary.list.ratio },
    { what: 'open', must: 2.5, aim: 1.6, measure: (summary) => summary.open.ratio },
    { what: 'create', must: 2.2, aim: 1.8, measure: (summary) => summary.create.ratio },
    { what: 'search', must: 1.6, aim: 1.25, measure: (summary) => summary.search.ratio },
    { what: 'list, to the leanest schema', must: 3, aim: 2.3, measure: (summary) => summary.list.leanRatio },
    { what: 'open, to the leanest schema', must: 3.5, aim: 2.5, measure: (summary) => summary.open.leanRatio },
    { what: 'create, to the leanest schema', must: 4, aim: 3, measure: (summary) => summary.create.leanRatio },
    { what: 'list of staff', must: 2.5, aim: 2, measure: (summary) => summary.staffList.ratio },
    { what: 'rendered list', must: 5, aim: 4, measure: (summary) => summary.listPage.ratio },
    { what: 'sign-in, to bare argon2id', must: 1.3, aim: 1.15, measure: (summary) => summary.login.ratio },
    {
      what: 'user with 200 customers, to one with three',
      must: 8,
      aim: 4,
      measure: (summary) => summary.partnerLike200.ratio,
    },
    ...READER_KINDS.flatMap((kind) => [
      {
        what: `tickets of ${READERS_OF[kind]}, list`,
        must: 2,
        aim: 1.4,
        measure: (summary: BenchSummary) => summary.ticketList[kind],
      },
      {
        what: `tickets of ${READERS_OF[kind]}, open`,
        must: 2.5,
        aim: 1.6,
        measure: (summary: BenchSummary) => summary.ticketOpen[kind],
      },
    ]),
    ...(['list', 'open', 'search', 'create'] as const).map((name) => ({
      what: `growth to a million jobs, ${name}`,
      must: 1.3,
      aim: 1.1,
      measure: (summary: BenchSummary) => summary.growth?.[name],
    })),
    { what: 'list p99 during 64 sign-ins, to quiet', must: 4, aim: 2, measure: (summary) => summary.loginStorm?.ratio },
    {
      what: 'first burst after two quiet minutes, to a steady one',
      must: 1.3,
      aim: 1.1,
      measure: (summary) => summary.bursts?.afterSilence.ratio,
    },
    ...(['list', 'open', 'search', 'create'] as const).map((name) => ({
      what: `p99 to p50 at 64 connections, ${name}`,
      must: 5,
      aim: 3,
      measure: (summary: BenchSummary) => summary[name].p99_over_p50,
    })),
    { what: 'answers other than 2xx', must: 0, aim: 0, measure: (summary) => summary.failed },
    { what: 'memory idle, to the bare server', must: 2, aim: 1.5, measure: (summary) => summary.rssMb.idleRatio },
    { what: 'memory after the run', must: 2, aim: 1.5, measure: (summary) => summary.rssMb.afterRatio },
    { what: 'start to the first answer, ms', must: 1500, aim: 800, measure: (summary) => summary.startMs },
    { what: 'installed, MB', must: 60, aim: 40, measure: (summary) => summary.installMb },
  ]

/** Formats one operation at one connection count. */
export function formatRow({ name, connections, ours, ceiling, lean }: OperationRow): string {
  const formatSide = (each: LoadFigures) =>
    `${(each.app * 1000).toFixed(0)} + ${(each.database * 1000).toFixed(0)} | ${each.perSecond.toFixed(0)} | ${each.p50.toFixed(1)} / ${each.p99.toFixed(1)}`
  const failed = [ours.failed && `${ours.failed} failed`, ceiling?.failed && `ceiling: ${ceiling.failed} failed`]
    .filter(Boolean)
    .join(', ')
  return `| ${name}${failed && ` (${failed})`} | ${connections} | ${ceiling ? (ours.cpu / ceiling.cpu).toFixed(2) : ''} | ${formatSide(ours)} | ${ceiling ? formatSide(ceiling) : ' | | '} | ${lean ? `${(ours.cpu / lean.cpu).toFixed(2)} | ${formatSide(lean)}` : ' | | | '} |`
}

function formatGoal({ what, must, aim, measure }: (typeof GOALS)[number], summary: BenchSummary): string[] {
  const value = measure(summary)
  if (value === null || value === undefined) return []
  return [
    `| ${what} | ${must} | ${aim} | ${value} | ${value <= aim ? 'aim reached' : value <= must ? 'met' : '**missed**'} |`,
  ]
}

export function formatReport(
  summary: BenchSummary,
  table: readonly OperationRow[],
  { size, rounds, seconds, about }: { size: Size; rounds: number; seconds: number; about: string },
): string {
  return `# The bench

${about}

\`npm run bench${size === '100k' ? '' : ` -- --size ${size}`}\`: ${SIZES[size].jobs.toLocaleString('en')} jobs, ${SIZES[size].customers.toLocaleString('en')} customers, ${rounds} alternating bursts of ${seconds} s a side.

| goal | must | aim | measured | |
| --- | ---: | ---: | ---: | --- |
${GOALS.flatMap((each) => formatGoal(each, summary)).join('\n')}

CPU is µs a request, application + PostgreSQL, from the process table; the ratio is ours to the ceiling's. What the ceiling is and what it
leaves out is in docs/decisions/0009-measured-beside-a-bare-ceiling.md.

| operation | connections | ratio | ours: CPU | req/s | p50 / p99 ms | ceiling: CPU | req/s | p50 / p99 ms | ratio to lean | lean: CPU | req/s | p50 / p99 ms |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
${table.map(formatRow).join('\n')}

\`\`\`json
${JSON.stringify(summary)}
\`\`\`
`
}

export function round2(figure: number): number {
  return Math.round(figure * 100) / 100
}
