/** The templates of Harbour Appliance Repair. */
import type { Field } from '../../src/features/templates/fields/rules.ts'
import type { TemplateIcon } from '../../src/features/templates/rules.ts'
import { field } from '../fields.ts'

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
const LABEL_GUIDE = 'https://harbour-repair.example/find-your-label'

const applianceFields = (symptoms: string[]): Field[] => [
  field('appliance', 'Appliance', 'section', 'readOnly', 'readOnly'),
  field('make', 'Make', 'pickList', 'required', 'optional', { options: MAKES }),
  field('model', 'Model', 'text', 'optional', 'required', { hint: 'On the label inside the door.' }),
  field('label', 'How to find the label', 'link', 'readOnly', 'hidden', { value: LABEL_GUIDE }),
  field('fault', 'What’s wrong?', 'text', 'required', 'readOnly', {
    hint: 'Include any error code so we bring the right parts.',
  }),
  field('symptoms', 'Symptoms', 'multiPickList', 'optional', 'readOnly', { options: symptoms }),
  field('bought', 'Purchase date', 'date', 'optional', 'hidden'),
  field('photos', 'Photos', 'file', 'optional', 'readOnly'),
  field('contract', 'Service contract', 'text', 'readOnly', 'readOnly', { value: 'None' }),
]
const visitFields = (): Field[] => [
  field('visit', 'Visit', 'section', 'readOnly', 'readOnly'),
  field('limit', 'Spending limit', 'currency', 'optional', 'readOnly', {
    hint: 'We’ll ask before going over it.',
  }),
  field('parking', 'Parking available', 'checkbox', 'optional', 'readOnly'),
]
const technicianFields = (parts: string[]): Field[] => [
  field('report', 'Technician report', 'section', 'readOnly', 'readOnly'),
  field('found', 'What we found', 'text', 'readOnly', 'required'),
  field('safe', 'Electrical safety test passed', 'checkbox', 'readOnly', 'required'),
  field('parts', 'Parts used', 'multiPickList', 'hidden', 'optional', { options: parts }),
  field('cost', 'Cost of parts', 'currency', 'hidden', 'optional'),
  field('minutes', 'Time spent', 'number', 'hidden', 'required', { unit: 'min' }),
]

export type TemplateKey =
  'washer' | 'dishwasher' | 'fridge' | 'oven' | 'dryer' | 'install' | 'service' | 'laundry' | 'landlord' | 'softener'

interface HarbourTemplate {
  key: TemplateKey
  name: string
  description: string
  icon: TemplateIcon
  minutes: number
  versions: Field[][]
  /** Every portal user may book it. */
  offered: boolean
  archived?: boolean
}
const repairFields = (symptoms: string[], parts: string[]): Field[][] => [
  [...applianceFields(symptoms), ...visitFields(), ...technicianFields(parts)],
]

const WASHER = ['Leaks', 'Won’t spin', 'Won’t drain', 'Very noisy', 'Door stays locked', 'Trips the fuse']
const DISHWASHER = ['Won’t drain', 'Won’t clean', 'Leaks', 'Won’t start', 'Smells']

function dishwasherVersions(): Field[][] {
  const [first = []] = repairFields(DISHWASHER, ['Drain pump', 'Inlet valve', 'Spray arm', 'Door seal'])
  const position = first.findIndex((each) => each.id === 'bought')
  const rinseAid = field('rinse', 'Rinse aid filled', 'checkbox', 'optional', 'readOnly')
  return [first, first.toSpliced(position, 0, rinseAid)]
}

export const templates: HarbourTemplate[] = [
  {
    key: 'washer',
    name: 'Washing machine repair',
    description: 'Leaks, is noisy, or won’t drain or spin',
    icon: 'washing-machine',
    minutes: 90,
    offered: true,
    versions: repairFields(WASHER, ['Drain pump', 'Door seal', 'Carbon brushes', 'Bearing', 'Door lock']),
  },
  {
    key: 'dishwasher',
    name: 'Dishwasher repair',
    description: 'Won’t clean, drain, or start',
    icon: 'sparkles',
    minutes: 60,
    offered: true,
    // The second version, three weeks old, adds the question about rinse aid.
    versions: dishwasherVersions(),
  },
  {
    key: 'fridge',
    name: 'Fridge or freezer repair',
    description: 'Too warm, iced up, or noisy',
    icon: 'refrigerator',
    minutes: 90,
    offered: true,
    versions: repairFields(
      ['Too warm', 'Iced up', 'Noisy', 'Water inside', 'Light not working'],
      ['Thermostat', 'Fan', 'Door seal', 'Start relay'],
    ),
  },
  {
    key: 'oven',
    name: 'Oven or hob repair',
    description: 'Electric and induction, or gas on request',
    icon: 'microwave',
    minutes: 75,
    offered: true,
    versions: repairFields(
      ['Won’t heat', 'One zone won’t heat', 'Door won’t close', 'Trips the fuse'],
      ['Heating element', 'Thermostat', 'Hinge', 'Ignition'],
    ),
  },
  {
    key: 'dryer',
    name: 'Tumble dryer repair',
    description: 'Won’t heat, or stops early',
    icon: 'wind',
    minutes: 60,
    offered: true,
    versions: repairFields(
      ['Won’t heat', 'Stops early', 'Very noisy', 'Burning smell'],
      ['Belt', 'Heater', 'Sensor', 'Drum roller'],
    ),
  },
  {
    key: 'install',
    name: 'Appliance installation',
    description: 'Delivery, installation, and removal of your old appliance',
    icon: 'truck',
    minutes: 120,
    offered: true,
    versions: [
      [
        field('appliance', 'New appliance', 'section', 'readOnly', 'readOnly'),
        field('kind', 'Appliance type', 'pickList', 'required', 'readOnly', {
          options: ['Washing machine', 'Dishwasher', 'Fridge or freezer', 'Oven', 'Hob', 'Tumble dryer'],
        }),
        field('model', 'Make and model', 'text', 'required', 'readOnly'),
        field('floor', 'Floor', 'number', 'optional', 'readOnly', { hint: '0 is the ground floor.' }),
        field('lift', 'Lift available', 'checkbox', 'optional', 'readOnly'),
        field('away', 'Take away the old appliance', 'checkbox', 'optional', 'required'),
        field('delivered', 'Store delivery date', 'date', 'optional', 'readOnly'),
        field('photos', 'Photos of the location', 'file', 'optional', 'optional'),
        ...visitFields(),
        field('report', 'Technician report', 'section', 'readOnly', 'readOnly'),
        field('safe', 'Connected and tested', 'checkbox', 'readOnly', 'required'),
        field('minutes', 'Time spent', 'number', 'hidden', 'required', { unit: 'min' }),
      ],
    ],
  },
  {
    key: 'service',
    name: 'Annual service',
    description: 'A yearly check of your appliances in one visit',
    icon: 'shield-check',
    minutes: 90,
    offered: true,
    versions: [
      [
        field('which', 'Appliances', 'multiPickList', 'required', 'optional', {
          options: ['Washing machine', 'Dishwasher', 'Fridge or freezer', 'Oven', 'Tumble dryer'],
        }),
        field('contract', 'Service plan', 'pickList', 'readOnly', 'readOnly', {
          options: ['Harbour Care', 'Harbour Care Plus', 'No plan'],
          value: 'No plan',
        }),
        field('notes', 'Anything we should know?', 'text', 'optional', 'readOnly'),
        ...visitFields(),
        field('report', 'Technician report', 'section', 'readOnly', 'readOnly'),
        field('found', 'What we found', 'text', 'readOnly', 'required'),
        field('hours', 'Run time', 'number', 'readOnly', 'optional', { unit: 'h' }),
        field('safe', 'Electrical safety test passed', 'checkbox', 'readOnly', 'required'),
        field('next', 'Next service due', 'dateTime', 'readOnly', 'optional'),
      ],
    ],
  },
  {
    key: 'laundry',
    name: 'Commercial laundry repair',
    description: 'For hotels, gyms, and care homes, within four working hours',
    icon: 'zap',
    minutes: 120,
    offered: false,
    versions: repairFields(
      [...WASHER, 'Drum won’t turn', 'Coin box stuck'],
      ['Belt', 'Drive motor', 'Drain valve', 'Control board'],
    ),
  },
  {
    key: 'landlord',
    name: 'Landlord appliance check',
    description: 'A written check of every appliance between tenancies',
    icon: 'clipboard-list',
    minutes: 60,
    offered: false,
    versions: [
      [
        field('tenancy', 'New tenancy start date', 'date', 'required', 'readOnly'),
        field('count', 'Number of appliances', 'number', 'required', 'readOnly'),
        field('keys', 'Where are the keys?', 'pickList', 'required', 'readOnly', {
          options: ['With the caretaker', 'In the key safe', 'We’ll hand them over', 'Tenant will open'],
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
