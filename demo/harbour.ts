/** Harbour Appliance Repair of Bristol: who works there, who calls them, what they are asked for. All of it is made up. */
import type {
  Field,
  FieldPermission,
  FieldType,
  FieldValue,
  FieldValues,
} from '../src/features/templates/fields/rules.ts'
import type { TemplateIcon } from '../src/features/templates/rules.ts'
import type { Chance } from './book.ts'

type Rest = { hint?: string; options?: string[]; value?: FieldValue; unit?: string }
/** `portal` and `worker` in one word each: hidden, readOnly, optional or required. */
export const field = (
  id: string,
  name: string,
  type: FieldType,
  portal: FieldPermission,
  worker: FieldPermission,
  rest: Rest = {},
): Field => ({ id, name, type, portal, worker, ...rest })

const MAKES = [
  'AEG',
  'Beko',
  'Bosch',
  'Candy',
  'Electrolux',
  'Hotpoint',
  'Indesit',
  'LG',
  'Miele',
  'Neff',
  'Samsung',
  'Siemens',
  'Smeg',
  'Whirlpool',
  'Other',
]
const GUIDE = 'https://harbour-repair.example/find-your-label'

const appliance = (symptoms: string[]): Field[] => [
  field('appliance', 'The appliance', 'section', 'readOnly', 'readOnly'),
  field('make', 'Make', 'pickList', 'required', 'optional', { options: MAKES }),
  field('model', 'Model', 'text', 'optional', 'required', { hint: 'On the label inside the door.' }),
  field('label', 'How to find the label', 'link', 'readOnly', 'hidden', { value: GUIDE }),
  field('fault', 'What is wrong?', 'text', 'required', 'readOnly', {
    hint: 'An error code helps us to bring the right parts.',
  }),
  field('symptoms', 'What do you notice?', 'multiPickList', 'optional', 'readOnly', { options: symptoms }),
  field('bought', 'Bought on', 'dateTime', 'optional', 'hidden'),
  field('photos', 'Photos', 'file', 'optional', 'readOnly'),
  field('contract', 'Under contract', 'text', 'readOnly', 'readOnly', { value: 'No contract' }),
]
const visit = (): Field[] => [
  field('visit', 'The visit', 'section', 'readOnly', 'readOnly'),
  field('limit', 'Do not spend more than', 'currency', 'optional', 'readOnly', {
    hint: 'We ask before we go beyond it.',
  }),
  field('parking', 'There is parking at the door', 'checkbox', 'optional', 'readOnly'),
]
const workshop = (parts: string[]): Field[] => [
  field('report', 'For the technician', 'section', 'readOnly', 'readOnly'),
  field('found', 'What we found', 'text', 'readOnly', 'required'),
  field('safe', 'Electrical safety test passed', 'checkbox', 'readOnly', 'required'),
  field('parts', 'Parts used', 'multiPickList', 'hidden', 'optional', { options: parts }),
  field('cost', 'Cost of parts', 'currency', 'hidden', 'optional'),
  field('minutes', 'Time on the job', 'number', 'hidden', 'required', { unit: 'min' }),
]

interface TemplatePlan {
  key: string
  name: string
  description: string
  icon: TemplateIcon
  minutes: number
  versions: Field[][]
  offered: boolean
  archived?: boolean
}
const repair = (symptoms: string[], parts: string[]): Field[][] => [
  [...appliance(symptoms), ...visit(), ...workshop(parts)],
]

const WASHER = ['Leaks', 'Does not spin', 'Does not drain', 'Very noisy', 'Door stays locked', 'Trips the fuse']
const DISHWASHER = ['Does not drain', 'Does not clean', 'Leaks', 'Does not start', 'Smells']

export const templates: TemplatePlan[] = [
  {
    key: 'washer',
    name: 'Washing machine repair',
    description: 'Leaks, noise, not draining or not spinning',
    icon: 'washing-machine',
    minutes: 90,
    offered: true,
    versions: repair(WASHER, ['Drain pump', 'Door seal', 'Carbon brushes', 'Bearing', 'Door lock']),
  },
  {
    key: 'dishwasher',
    name: 'Dishwasher repair',
    description: 'Does not clean, drain or start',
    icon: 'sparkles',
    minutes: 60,
    offered: true,
    // Three weeks ago the rinse aid question came in: older jobs keep the form they were made with.
    versions: (() => {
      const [first = []] = repair(DISHWASHER, ['Drain pump', 'Inlet valve', 'Spray arm', 'Door seal'])
      const place = first.findIndex((each) => each.id === 'bought')
      return [
        first,
        first.toSpliced(place, 0, field('rinse', 'Rinse aid is filled up', 'checkbox', 'optional', 'readOnly')),
      ]
    })(),
  },
  {
    key: 'fridge',
    name: 'Fridge or freezer repair',
    description: 'Too warm, iced up or noisy',
    icon: 'refrigerator',
    minutes: 90,
    offered: true,
    versions: repair(
      ['Too warm', 'Iced up', 'Noisy', 'Water inside', 'Light is off'],
      ['Thermostat', 'Fan', 'Door seal', 'Start relay'],
    ),
  },
  {
    key: 'oven',
    name: 'Oven or hob repair',
    description: 'Electric and induction. Gas on request',
    icon: 'microwave',
    minutes: 75,
    offered: true,
    versions: repair(
      ['Does not heat', 'One zone is dead', 'Door does not close', 'Trips the fuse'],
      ['Heating element', 'Thermostat', 'Hinge', 'Ignition'],
    ),
  },
  {
    key: 'dryer',
    name: 'Tumble dryer repair',
    description: 'Does not heat, or stops early',
    icon: 'wind',
    minutes: 60,
    offered: true,
    versions: repair(
      ['Does not heat', 'Stops early', 'Very noisy', 'Smells burnt'],
      ['Belt', 'Heater', 'Sensor', 'Drum roller'],
    ),
  },
  {
    key: 'install',
    name: 'Appliance installation',
    description: 'We deliver, fit and take the old one away',
    icon: 'truck',
    minutes: 120,
    offered: true,
    versions: [
      [
        field('appliance', 'What we install', 'section', 'readOnly', 'readOnly'),
        field('kind', 'Kind of appliance', 'pickList', 'required', 'readOnly', {
          options: ['Washing machine', 'Dishwasher', 'Fridge or freezer', 'Oven', 'Hob', 'Tumble dryer'],
        }),
        field('model', 'Make and model', 'text', 'required', 'readOnly'),
        field('floor', 'Floor', 'number', 'optional', 'readOnly', { hint: '0 is the ground floor.' }),
        field('lift', 'There is a lift', 'checkbox', 'optional', 'readOnly'),
        field('away', 'Take the old one away', 'checkbox', 'optional', 'required'),
        field('delivered', 'Delivery from the shop', 'dateTime', 'optional', 'readOnly'),
        field('photos', 'Photos of the place', 'file', 'optional', 'optional'),
        ...visit(),
        field('report', 'For the technician', 'section', 'readOnly', 'readOnly'),
        field('safe', 'Connected and tested', 'checkbox', 'readOnly', 'required'),
        field('minutes', 'Time on the job', 'number', 'hidden', 'required', { unit: 'min' }),
      ],
    ],
  },
  {
    key: 'service',
    name: 'Annual service',
    description: 'One visit, up to three appliances',
    icon: 'shield-check',
    minutes: 90,
    offered: true,
    versions: [
      [
        field('which', 'Appliances', 'multiPickList', 'required', 'optional', {
          options: ['Washing machine', 'Dishwasher', 'Fridge or freezer', 'Oven', 'Tumble dryer'],
        }),
        field('contract', 'Service plan', 'pickList', 'readOnly', 'readOnly', {
          options: ['Harbour Care', 'Harbour Care Plus', 'Without a plan'],
          value: 'Without a plan',
        }),
        field('notes', 'Anything we should know?', 'text', 'optional', 'readOnly'),
        ...visit(),
        field('report', 'For the technician', 'section', 'readOnly', 'readOnly'),
        field('found', 'What we found', 'text', 'readOnly', 'required'),
        field('hours', 'Operating hours', 'number', 'readOnly', 'optional', { unit: 'h' }),
        field('safe', 'Electrical safety test passed', 'checkbox', 'readOnly', 'required'),
        field('next', 'Next service due', 'dateTime', 'readOnly', 'optional'),
      ],
    ],
  },
  {
    key: 'laundry',
    name: 'Commercial laundry repair',
    description: 'Hotels, gyms and care homes: within four working hours',
    icon: 'zap',
    minutes: 120,
    offered: false,
    versions: repair(
      [...WASHER, 'Drum does not turn', 'Coin box is stuck'],
      ['Belt', 'Drive motor', 'Drain valve', 'Control board'],
    ),
  },
  {
    key: 'landlord',
    name: 'Landlord appliance check',
    description: 'A written check of every appliance between two tenancies',
    icon: 'clipboard-list',
    minutes: 60,
    offered: false,
    versions: [
      [
        field('tenancy', 'New tenancy begins', 'dateTime', 'required', 'readOnly'),
        field('count', 'Number of appliances', 'number', 'required', 'readOnly'),
        field('keys', 'Where are the keys?', 'pickList', 'required', 'readOnly', {
          options: ['With the caretaker', 'In the key safe', 'We hand them over', 'Tenant opens'],
        }),
        field('safeCode', 'Key safe code', 'text', 'hidden', 'readOnly'),
        field('terms', 'Terms of the check', 'link', 'readOnly', 'hidden', {
          value: 'https://harbour-repair.example/landlord-check',
        }),
        field('certificate', 'Certificate', 'file', 'readOnly', 'required'),
      ],
    ],
  },
  {
    key: 'softener',
    name: 'Water softener refill',
    description: 'No longer offered',
    icon: 'droplets',
    minutes: 30,
    offered: false,
    archived: true,
    versions: [[field('bags', 'Bags of salt', 'number', 'required', 'readOnly')]],
  },
]

interface Plan {
  name: string
  business?: boolean
  years?: number
  notes?: string
  billing?: string
  sites: [address: string, latitude: number, longitude: number, name?: string][]
  people: [name: string, role: string, email: string, phone: string][]
}
const phone = (last: number) => `07700 900${String(last).padStart(3, '0')}`
const post = (name: string) =>
  `${name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z]+/g, '.')}@post.example`
const home = (name: string, last: number, ...sites: Plan['sites']): Plan => ({
  name,
  sites,
  people: [[name, '', post(name), phone(last)]],
})

export const customers: Plan[] = [
  home(
    'Eleanor Finch',
    142,
    ['14 Pelican Quay, Bristol BS1 6XN', 51.4483, -2.6072],
    ['Flat 3, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918],
    ['Workshop behind the sheds, Hanover Place, Bristol BS1 6XW', 51.4487, -2.6128, 'Workshop, no street number'],
  ),
  {
    name: 'Redcliffe Parade Lettings',
    business: true,
    years: 4,
    sites: [
      ['Flat 1, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918, 'Flat 1'],
      ['Flat 3, 22 Redcliffe Parade, Bristol BS1 6SW', 51.4487, -2.5918, 'Flat 3'],
      ['8 Guinea Street, Bristol BS1 6SX', 51.4479, -2.5931],
    ],
    people: [['Eleanor Finch', 'Owner', 'eleanor.finch@post.example', phone(142)]],
  },
  {
    name: 'Dockside Lettings',
    business: true,
    years: 5,
    billing: 'invoices@docksidelettings.example',
    notes: 'Property management. Nine flats around the floating harbour. RunQuery for Carys first.',
    sites: [
      ['3 Gas Ferry Road, Bristol BS1 6UN', 51.4481, -2.6098, 'Office'],
      ['Flat 2, 41 Gas Ferry Road, Bristol BS1 6UN', 51.4484, -2.6101],
      ['Flat 7, 5 Pelican Quay, Bristol BS1 6XN', 51.4483, -2.6072],
      ['12 Hotwell Road, Bristol BS8 4UB', 51.4497, -2.6123],
    ],
    people: [
      ['Naveed Aslam', 'Director', 'naveed@docksidelettings.example', phone(441)],
      ['Carys Bevan', 'Lettings manager', 'carys@docksidelettings.example', phone(126)],
      ['Owen Marsh', 'Caretaker, Pelican Quay', '', phone(873)],
    ],
  },
  {
    name: 'Quayside Studios',
    business: true,
    years: 3,
    sites: [['Unit 4, Spike Island, 133 Cumberland Road, Bristol BS1 6UX', 51.4468, -2.6093]],
    people: [['Naveed Aslam', 'Landlord', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Harbourside Apartments',
    business: true,
    years: 3,
    sites: [
      ['2 Canons Way, Bristol BS1 5UH', 51.4506, -2.6021, 'Block A'],
      ['6 Canons Way, Bristol BS1 5UH', 51.4508, -2.6027, 'Block B'],
    ],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Pelican Quay Residents',
    business: true,
    years: 2,
    sites: [['1–30 Pelican Quay, Bristol BS1 6XN', 51.4482, -2.607]],
    people: [['Owen Marsh', 'Caretaker', '', phone(873)]],
  },
  {
    name: 'Gas Ferry Lofts',
    business: true,
    years: 2,
    sites: [['60 Gas Ferry Road, Bristol BS1 6UN', 51.449, -2.6105]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Redcliffe Wharf House',
    business: true,
    years: 1,
    sites: [['Redcliffe Wharf, Bristol BS1 6SR', 51.4492, -2.5915]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Ferryman’s Court',
    business: true,
    years: 1,
    sites: [['9 Queen Charlotte Street, Bristol BS1 4HL', 51.4519, -2.5928]],
    people: [['Naveed Aslam', 'Managing agent', 'naveed@docksidelettings.example', phone(441)]],
  },
  {
    name: 'Lockside Hotel',
    business: true,
    years: 6,
    billing: 'accounts@locksidehotel.example',
    notes: 'Laundry is urgent: 40 rooms. Always call reception on arrival.',
    sites: [['2 Brunel Lock Road, Bristol BS1 6XS', 51.4479, -2.6212]],
    people: [
      ['Oliver Marchant', 'Front office manager', 'oliver@locksidehotel.example', phone(555)],
      ['Accounts', 'Accounts', 'accounts@locksidehotel.example', '0117 496 0177'],
    ],
  },
  {
    name: 'Ashton Vale Nursery',
    business: true,
    years: 2,
    sites: [['31 Ashton Vale Road, Bristol BS3 2HW', 51.4357, -2.6243]],
    people: [
      ['Beth Lowther', 'Manager', 'beth@ashtonvale.example', phone(310)],
      ['Caretaker', 'Caretaker', 'caretaker@ashtonvale.example', phone(311)],
    ],
  },
  {
    name: 'The Grain Barge',
    business: true,
    years: 5,
    sites: [['Mardyke Wharf, Hotwell Road, Bristol BS8 4RU', 51.4498, -2.6146]],
    people: [['Greg Tallis', 'Landlord', 'greg@grainbarge.example', phone(620)]],
  },
  {
    name: 'Brunel Dental Practice',
    business: true,
    years: 7,
    billing: 'practice@bruneldental.example',
    sites: [['17 Park Street, Bristol BS1 5NG', 51.4541, -2.6024]],
    people: [['Hilary Voss', 'Practice manager', 'practice@bruneldental.example', '0117 496 0131']],
  },
  {
    name: 'Brightline Rentals',
    business: true,
    years: 1,
    sites: [
      ['Unit 12, Albert Road, Bristol BS2 0XJ', 51.4459, -2.572, 'Warehouse'],
      ['44 Stokes Croft, Bristol BS1 3QD', 51.4629, -2.5896],
    ],
    people: [['Marlon Pike', 'Operations', 'marlon@brightline.example', phone(704)]],
  },
  {
    name: 'The Mill Gym',
    business: true,
    years: 3,
    sites: [['Baynton Road, Bristol BS3 2EB', 51.4427, -2.6168]],
    people: [['Tess Oakley', 'Duty manager', 'tess@millgym.example', phone(718)]],
  },
  {
    name: 'St Mary’s Vestry',
    business: true,
    years: 8,
    sites: [['10 Colston Parade, Bristol BS1 6RA', 51.448, -2.5893]],
    people: [['Rev. Alice Penn', 'Vicar', 'vestry@stmarys.example', '0117 496 0118']],
  },
  {
    name: 'Totterdown Bakery',
    business: true,
    years: 2,
    sites: [['168 Wells Road, Bristol BS4 2AL', 51.4396, -2.5756]],
    people: [['Rhys Ollerton', 'Baker', 'rhys@totterdownbakery.example', phone(802)]],
  },
  {
    name: 'Southville Community Centre',
    business: true,
    years: 4,
    sites: [['Beauley Road, Bristol BS3 1QG', 51.4431, -2.6041]],
    people: [
      ['Anita Desai', 'Centre manager', 'anita@southville.example', phone(811)],
      ['Reception', 'Reception', 'reception@southville.example', '0117 496 0166'],
    ],
  },
  {
    name: 'Bedminster Veterinary Surgery',
    business: true,
    years: 3,
    sites: [['226 North Street, Bristol BS3 1JD', 51.4404, -2.6079]],
    people: [['Jo Haskins', 'Practice manager', 'jo@bedminstervets.example', phone(824)]],
  },
  home('Idris Mirza', 211, ['7 Cotham Brow, Bristol BS6 6AE', 51.4672, -2.5944]),
  home('Martha Okonkwo', 212, ['53 Upper Perry Hill, Bristol BS3 1NH', 51.4436, -2.6058]),
  home('Sofia Lindqvist', 213, ['98 Hotwell Road, Bristol BS8 4UB', 51.4499, -2.6131]),
  home('Jonas Wetherby', 214, ['5 Cliftonwood Crescent, Bristol BS8 4TU', 51.4516, -2.6114]),
  home('Hannah Prewett', 215, ['29 Sydenham Lane, Bristol BS6 5SB', 51.4668, -2.5886]),
  home('Temi Abara', 216, ['12 Picton Street, Bristol BS6 5QA', 51.4636, -2.5887]),
  home('Peter Lowe', 217, ['40 Raleigh Road, Bristol BS3 1QR', 51.4421, -2.6107]),
  home('Joan Bright', 218, ['6 Victoria Square, Bristol BS8 4ET', 51.4549, -2.6178]),
  home('Amina Hussain', 219, ['77 Coronation Road, Bristol BS3 1AT', 51.4447, -2.6006]),
  home('Rory Keane', 220, ['19 Ashley Hill, Bristol BS6 5JA', 51.4705, -2.5797]),
  home('Minh Tran', 221, ['33 Lower Redland Road, Bristol BS6 6TB', 51.4651, -2.6062]),
  home('Cerys Rees', 222, ['4 Oakfield Place, Bristol BS8 2BJ', 51.4585, -2.6101]),
  home('Julia Sayer', 223, ['61 Kensington Road, Bristol BS5 7NB', 51.4627, -2.5481]),
  home('Kieran Doyle', 224, ['15 Greville Street, Bristol BS3 3DP', 51.4388, -2.5951]),
  home('Nora Frame', 225, ['2 Richmond Terrace, Bristol BS8 1AA', 51.4576, -2.6112]),
  home('Graham Munro', 226, ['84 Sandy Park Road, Bristol BS4 3PF', 51.4414, -2.5556]),
  home('Lena Beck', 227, ['27 Egerton Road, Bristol BS7 8HN', 51.4768, -2.5953]),
  home('Bryony Stone', 228, ['9 Alma Vale Road, Bristol BS8 2HL', 51.4619, -2.6142]),
  home('Farah Abbas', 229, ['110 Church Road, Bristol BS5 9HD', 51.4601, -2.5566]),
  home('Isaac Cole', 230, ['38 Paultow Road, Bristol BS3 4QP', 51.4381, -2.5868]),
  home('Dylan Pope', 231, ['3 Royal York Crescent, Bristol BS8 4JZ', 51.4528, -2.6196]),
  home('Zoë Brandão', 232, ['18 Stackpool Road, Bristol BS3 1NQ', 51.4424, -2.6033]),
  home('Yusuf Çelik', 233, ['55 Gloucester Road, Bristol BS7 8AD', 51.4706, -2.5911]),
]

// ---- what is said ----

const FAULTS: Record<string, string[]> = {
  washer: [
    'Water under the machine after every wash.',
    'It hums but the drum does not turn.',
    'Stops with E18 and full of water.',
    'Bangs loudly when it spins.',
    'The door does not open at the end.',
  ],
  dishwasher: [
    'Water stays in the bottom after every wash. Code E24.',
    'Glasses come out cloudy and gritty.',
    'It does nothing when I press start.',
    'A puddle in front of it since Sunday.',
    'The tablet falls out undissolved.',
  ],
  fridge: [
    'The freezer is at −6 and everything thaws.',
    'Ice as thick as a thumb at the back.',
    'It rattles through the night.',
    'Warm at the top, frozen salad at the bottom.',
  ],
  oven: [
    'Takes an hour to reach 180.',
    'The front left ring stays cold.',
    'The fuse goes as soon as the grill is on.',
    'The door springs open.',
  ],
  dryer: [
    'Drum turns, air stays cold.',
    'Stops after five minutes.',
    'Smells of burning after a while.',
    'A squeal that wakes the children.',
  ],
  laundry: [
    'Miele PW 6080, drum does not turn.',
    'Machine two does not drain, sheets are stuck inside.',
    'Coin box takes the money and nothing starts.',
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
  'Drain pump blocked by a coin; cleaned and tested.',
  'Heating element broken; replaced.',
  'Door seal torn; replaced.',
  'Loose wire on the control board; fixed.',
  'Nothing wrong with the machine, hose was kinked.',
  'Thermostat replaced, temperature holds.',
  'Bearing worn; replaced, runs quietly again.',
]

export function answers(
  key: string,
  fields: readonly Field[],
  luck: Chance,
  done: boolean,
  day: (days: number, time: string) => Date,
): FieldValues {
  const values: FieldValues = {}
  for (const { id, type, options = [], portal } of fields) {
    const asked = portal === 'required' || portal === 'optional'
    if (asked && portal === 'optional' && luck.perhaps(0.45)) continue
    if (
      !asked &&
      !(done && ['found', 'safe', 'parts', 'cost', 'minutes', 'hours', 'next'].includes(id)) &&
      id !== 'contract'
    )
      continue
    if (id === 'fault') values[id] = luck.one(FAULTS[key] ?? FAULTS.washer!)
    else if (id === 'model') values[id] = luck.one(MODELS)
    else if (id === 'contract') {
      if (luck.perhaps(0.3))
        values[id] = type === 'pickList' ? luck.one(options) : 'Harbour Care, until the end of the year'
    } else if (id === 'found') values[id] = luck.one(FOUND)
    else if (id === 'notes')
      values[id] = luck.one([
        'The dog is friendly.',
        'Ring twice, please.',
        'Only after ten in the morning.',
        'The fridge is in the cellar.',
      ])
    else if (id === 'bought') values[id] = day(-luck.from(300, 2500), '12:00').toISOString()
    else if (id === 'tenancy') values[id] = day(luck.from(2, 20), '12:00').toISOString()
    else if (id === 'next') values[id] = day(luck.from(280, 365), '09:00').toISOString()
    else if (id === 'delivered') values[id] = day(luck.from(1, 4), '11:00').toISOString()
    else if (id === 'limit') values[id] = luck.from(8, 30) * 1000
    else if (id === 'cost') values[id] = luck.from(450, 18_900)
    else if (id === 'minutes') values[id] = String(luck.from(25, 140))
    else if (type === 'number') values[id] = String(luck.from(1, id === 'hours' ? 6000 : 6))
    else if (type === 'pickList') values[id] = luck.one(options)
    else if (type === 'multiPickList')
      values[id] = options.filter((_, index) => (index === 0 ? luck.perhaps(0.6) : luck.perhaps(0.3)))
    else if (type === 'checkbox') values[id] = id === 'safe' || luck.perhaps(0.6)
  }
  for (const [id, value] of Object.entries(values))
    if (Array.isArray(value) && value.length === 0) values[id] = [fields.find((each) => each.id === id)!.options![0]!]
  return values
}

export const words = {
  customer: [
    'Please ring at the gate, the bell at the door is broken.',
    'Mornings are better for us.',
    'It is getting worse since yesterday.',
    'Could you call half an hour before?',
    'The key is with the neighbour at number 9.',
  ],
  office: [
    'Thank you. We bring the part with us.',
    'We have you down; a technician calls before arriving.',
    'Could you send us the number on the label inside the door?',
    'The part arrives tomorrow morning, so we come after that.',
  ],
  internal: [
    'Part is in van 2.',
    'Second visit for the same fault, check the board first.',
    'Narrow stairs, bring the small trolley.',
    'RunQuery about the service plan.',
    'Customer pays by card at the door.',
  ],
  done: [
    'Tested with a full run, all fine.',
    'Advised to clean the filter once a month.',
    'Left the old part with the customer.',
    'Runs quietly again.',
  ],
  canceled: ['Bought a new one', 'Fixed it with our help on the phone', 'Booked twice by mistake', 'Moved house'],
  paused: ['Waiting for parts', 'Nobody at home, trying again', 'Back after the other visit next door'],
}
