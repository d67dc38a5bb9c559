/**
 * How much work a regular expression makes, counted and not timed: the steps that a backtracking engine takes. Each step
 * looks at one character or one assertion. Real engines skip some of them, so this is an upper bound of the same growth.
 */
import { once } from 'node:events'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { RegExpParser, type AST } from '@eslint-community/regexpp'

type Next = (at: number) => boolean
type Match = (at: number, next: Next) => boolean

/** More than this counts as endless. */
const MAX_STEPS = 20_000_000
class Endless extends Error {}

/** The steps that finding every match of the expression in `text` takes; Infinity when there are more than 20 million. */
export function countSteps(expression: RegExp, text: string): number {
  const { source, flags } = expression
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  })
  const counter = new StepCounter(text, flags)
  const match = counter.compileAlternatives(pattern.alternatives)
  try {
    for (let start = 0; start <= text.length;) {
      let end = -1
      const found = match(start, (at) => {
        end = at
        return true
      })
      if (flags.includes('y') && !found) break
      start = found && end > start ? end : start + 1
    }
  } catch (error) {
    if (error instanceof Endless) return Infinity
    throw error
  }
  return counter.steps
}

class StepCounter {
  steps = 0
  private readonly text: string
  private readonly flags: string
  private readonly groups = new Map<AST.CapturingGroup, string>()

  constructor(text: string, flags: string) {
    this.text = text
    this.flags = flags.replaceAll(/[gyd]/g, '')
  }

  private step(): void {
    if (++this.steps > MAX_STEPS) throw new Endless()
  }

  compileAlternatives(alternatives: readonly AST.Alternative[]): Match {
    const all = alternatives.map(({ elements }) => this.compileSequence(elements.map((each) => this.compile(each))))
    return (at, next) => all.some((match) => match(at, next))
  }

  private compileSequence(parts: readonly Match[]): Match {
    return parts.reduceRight<Match>(
      (rest, part) => (at, next) => part(at, (after) => rest(after, next)),
      (at, next) => next(at),
    )
  }

  private compile(element: AST.Element): Match {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
      case 'ExpressionCharacterClass': {
        const matches = this.characterTest(element)
        return (at, next) => {
          this.step()
          return matches(at) && next(at + 1)
        }
      }
      case 'Group':
        return this.compileAlternatives(element.alternatives)
      case 'CapturingGroup': {
        const inner = this.compileAlternatives(element.alternatives)
        return (at, next) =>
          inner(at, (end) => {
            this.groups.set(element, this.text.slice(at, end))
            return next(end)
          })
      }
      case 'Backreference':
        return (at, next) => {
          this.step()
          const [group] = [element.resolved].flat()
          const captured = this.groups.get(group!) ?? ''
          return this.text.startsWith(captured, at) && next(at + captured.length)
        }
      case 'Quantifier':
        return this.compileQuantifier(element)
      case 'Assertion':
        return this.compileAssertion(element)
      default:
        throw new Error(`Unknown part of a regular expression: ${(element as AST.Element).type}`)
    }
  }

  private characterTest({ raw }: AST.Element): (at: number) => boolean {
    const one = new RegExp(`^(?:${raw})$`, this.flags)
    const known = new Map<string, boolean>()
    return (at) => {
      const character = this.text[at]
      if (character === undefined) return false
      let matches = known.get(character)
      if (matches === undefined) known.set(character, (matches = RegExp.prototype.test.call(one, character)))
      return matches
    }
  }

  private compileQuantifier({ element, min, max, greedy }: AST.Quantifier): Match {
    const isCharacter = /^Character|^ExpressionCharacterClass/.test(element.type)
    if (isCharacter && greedy) return this.compileRun(this.characterTest(element), min, max)
    const inner = this.compile(element)
    const repeat = (at: number, count: number, next: Next): boolean => {
      const more = () => count < max && inner(at, (end) => end > at && repeat(end, count + 1, next))
      const enough = () => count >= min && next(at)
      return greedy ? more() || enough() : enough() || more()
    }
    return (at, next) => repeat(at, 0, next)
  }

  /** As many of one kind of character as there are, then one less each time the rest fails. */
  private compileRun(matches: (at: number) => boolean, min: number, max: number): Match {
    return (at, next) => {
      let count = 0
      while (count < max && matches(at + count)) {
        this.step()
        count++
      }
      this.step()
      for (; count >= min; count--) {
        this.step()
        if (next(at + count)) return true
      }
      return false
    }
  }

  private compileAssertion(assertion: AST.Assertion): Match {
    const holds = this.assertionTest(assertion)
    return (at, next) => {
      this.step()
      return holds(at) && next(at)
    }
  }

  private assertionTest(assertion: AST.Assertion): (at: number) => boolean {
    const isWord = (at: number) => RegExp.prototype.test.call(/\w/, this.text[at] ?? '')
    const isLineEnd = (at: number) => this.flags.includes('m') && this.text[at] === '\n'
    switch (assertion.kind) {
      case 'start':
        return (at) => at === 0 || isLineEnd(at - 1)
      case 'end':
        return (at) => at === this.text.length || isLineEnd(at)
      case 'word':
        return (at) => (isWord(at - 1) !== isWord(at)) !== assertion.negate
      case 'lookahead': {
        const inner = this.compileAlternatives(assertion.alternatives)
        return (at) => inner(at, () => true) !== assertion.negate
      }
      case 'lookbehind': {
        const inner = this.compileAlternatives(assertion.alternatives)
        const widest = Math.max(...assertion.alternatives.map(widthOf))
        return (at) => {
          let found = false
          for (let start = at; start >= Math.max(0, at - widest) && !found; start--)
            found = inner(start, (end) => end === at)
          return found !== assertion.negate
        }
      }
    }
  }
}

/** The most characters that a sequence can take. */
const widthOf = ({ elements }: AST.Alternative): number =>
  elements.reduce((sum, element) => {
    if (element.type === 'Assertion') return sum
    if (element.type === 'Quantifier') return sum + element.max
    if (element.type === 'Group' || element.type === 'CapturingGroup')
      return sum + Math.max(...element.alternatives.map(widthOf))
    return sum + 1
  }, 0)

/** What is repeated, and what stands around it so that an expression fails late. */
const FILLERS = [
  'a',
  '.',
  ' ',
  'a.',
  '((',
  '-',
  '0',
  '@',
  '/',
  '<',
  '[',
  '\n',
  '\t',
  'a:',
  'a-',
  '_',
  '://',
  'a@',
  '%',
  '#',
  '"',
  '&',
  ',',
]
const AROUND: [string, string][] = [
  ['', ''],
  ['', '!'],
  ['x', 'x'],
  ['0', '\u0000'],
]

export interface Growth {
  /** About 2 for an expression that is linear, 4 for a quadratic one, more for worse: at its worst over many texts. */
  growth: number
  /** The text that showed it. */
  filler: string
}

/**
 * How the work of each expression grows when the text becomes twice as long. Counted in a thread with a deep stack: a group
 * that repeats takes several frames of it for each character.
 */
export async function growthsOf(expressions: readonly RegExp[]): Promise<Growth[]> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { expressions },
    resourceLimits: { stackSizeMb: 64 },
  })
  const [growths] = (await once(worker, 'message')) as [Growth[]]
  await worker.terminate()
  return growths
}

function growthOf(expression: RegExp): Growth {
  let worst = { growth: 0, filler: '' }
  for (const filler of FILLERS)
    for (const [before, behind] of AROUND) {
      const [small, large] = [400, 800].map((length) =>
        countSteps(expression, before + filler.repeat(length / filler.length) + behind),
      ) as [number, number]
      const growth = small === Infinity ? Infinity : large / small
      if (growth > worst.growth) worst = { growth, filler: `${before}${filler}…${behind}` }
    }
  return worst
}

if (!isMainThread && parentPort && workerData?.expressions)
  parentPort.postMessage((workerData as { expressions: RegExp[] }).expressions.map(growthOf))
