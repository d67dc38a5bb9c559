/** Random answers to the fields of Harbour's templates. */
import type { Field, FieldValue, FieldValues } from '../../src/features/templates/fields/rules.ts'
import type { Calendar } from '../calendar.ts'
import type { DemoTemplate } from '../model.ts'
import type { Random } from '../random.ts'

const FAULTS: Record<string, string[]> = {
  washer: [
    'Water under the machine after every wash.',
    'It hums, but the drum doesn’t turn.',
    'Stops full of water with error E18.',
    'Bangs loudly when it spins.',
    'The door won’t open after the wash.',
  ],
  dishwasher: [
    'Water stays in the bottom after every wash. Code E24.',
    'Glasses come out cloudy and gritty.',
    'It does nothing when I press start.',
    'There has been a puddle in front of it since Sunday.',
    'The tablet doesn’t dissolve.',
  ],
  fridge: [
    'The freezer is at −6 and everything is thawing.',
    'Thick ice at the back.',
    'It rattles all night.',
    'Warm at the top, frozen salad at the bottom.',
  ],
  oven: [
    'Takes an hour to reach 180.',
    'The front left ring stays cold.',
    'The fuse trips as soon as the grill is on.',
    'The door won’t stay closed.',
  ],
  dryer: [
    'The drum turns, but the air stays cold.',
    'Stops after five minutes.',
    'Smells of burning after a while.',
    'It squeals loudly.',
  ],
  laundry: [
    'Miele PW 6080, the drum won’t turn.',
    'Machine 2 won’t drain. Sheets are stuck inside.',
    'The coin box takes money, but the machine won’t start.',
  ],
}
const MODELS = [
  'SMS6ZCI00G',
  'WAN28282GB',
  'WW80CGC04',
  'KGN36VLEAG',
  'HBS573BS0B',
  'T7DBG832N',
  'GC24309',
  'FSFK6138',
  'WTH84001',
  'B57CR22N0B',
]
const FOUND = [
  'Removed a coin from the drain pump and tested it.',
  'Replaced broken heating element.',
  'Replaced torn door seal.',
  'Fixed a loose wire on the control board.',
  'No fault found. Straightened a kinked hose.',
  'Replaced thermostat. Temperature is stable.',
  'Replaced worn bearing. Runs quietly.',
]
const NOTES = ['The dog is friendly.', 'Ring the bell twice.', 'Only after 10 am.', 'The fridge is in the cellar.']

/** Fields that the technician fills in when the job is completed. */
const COMPLETION_FIELDS = ['found', 'safe', 'parts', 'cost', 'minutes', 'hours', 'next']

export interface AnswerContext {
  random: Random
  at: Calendar['at']
}

// The order of draws decides what the demo contains.
export function drawAnswers(template: DemoTemplate, isCompleted: boolean, context: AnswerContext): FieldValues {
  const { random } = context
  const fields = template.versions.at(-1)!
  const values: FieldValues = {}
  for (const field of fields) {
    const isAsked = field.portal === 'required' || field.portal === 'optional'
    if (field.portal === 'optional' && random.chance(0.45)) continue
    const isReported = isCompleted && COMPLETION_FIELDS.includes(field.id)
    const isAnswered = isAsked || isReported || field.id === 'contract'
    if (!isAnswered) continue
    const value = drawAnswer(template.key, field, context)
    if (value !== undefined) values[field.id] = value
  }
  for (const { id, options } of fields) {
    const value = values[id]
    if (Array.isArray(value) && value.length === 0) values[id] = [options![0]!]
  }
  return values
}

function drawAnswer(template: string, field: Field, { random, at }: AnswerContext): FieldValue | undefined {
  switch (field.id) {
    case 'fault':
      return random.pick(FAULTS[template] ?? FAULTS.washer!)
    case 'model':
      return random.pick(MODELS)
    case 'contract':
      return drawContract(field, random)
    case 'found':
      return random.pick(FOUND)
    case 'notes':
      return random.pick(NOTES)
    case 'bought':
      return at(-random.integer(300, 2500), '12:00').toISOString().slice(0, 10)
    case 'tenancy':
      return at(random.integer(2, 20), '12:00').toISOString().slice(0, 10)
    case 'next':
      return at(random.integer(280, 365), '09:00').toISOString()
    case 'delivered':
      return at(random.integer(1, 4), '12:00').toISOString().slice(0, 10)
    case 'limit':
      return random.integer(8, 30) * 1000
    case 'cost':
      return random.integer(450, 18_900)
    case 'minutes':
      return String(random.integer(25, 140))
    default:
      return drawByType(field, random)
  }
}

function drawContract({ type, options = [] }: Field, random: Random): FieldValue | undefined {
  if (!random.chance(0.3)) return undefined
  return type === 'pickList' ? random.pick(options) : 'Harbour Care, through 31 Dec'
}

function drawByType({ id, type, options = [] }: Field, random: Random): FieldValue | undefined {
  if (type === 'number') return String(random.integer(1, id === 'hours' ? 6000 : 6))
  if (type === 'pickList') return random.pick(options)
  if (type === 'multiPickList') return options.filter((_, index) => random.chance(index === 0 ? 0.6 : 0.3))
  if (type === 'checkbox') return id === 'safe' || random.chance(0.6)
  return undefined
}
