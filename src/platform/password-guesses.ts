/**
 * How many guesses a password takes. Loaded with the first new password: it costs 0.4 s of CPU once, and about 25 MB of
 * memory from then on. The dictionaries of Wikipedia's words and of last names would double both and change few answers.
 */
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'

const USED = ['passwords-common', 'commonWords-en', 'firstnames-en']
const dictionary = Object.fromEntries(
  Object.entries({ ...common.dictionary, ...english.dictionary }).filter(([name]) => USED.includes(name)),
)

// With these two caps the slowest password found takes 45 ms of CPU; without, 930. Longer ones are judged by their start.
const estimator = new ZxcvbnFactory({
  dictionary,
  graphs: common.adjacencyGraphs,
  maxLength: 40,
  l33tMaxSubstitutions: 10,
})

/** The power of ten of the number of guesses, for an attacker who tries the words of `context` first. */
export const guessesLog10 = (password: string, context: readonly string[]): number =>
  estimator.check(password, [...context]).guessesLog10
