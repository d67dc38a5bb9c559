/** Open jobs of Harbour Appliance Repair: requests, visits of today and of the next days. */
import type { LoadOptions } from '../account.ts'
import { addMinutes, roundToMinutes } from '../calendar.ts'
import type { DemoComment } from '../model.ts'
import { display, page } from '../pictures.ts'
import type { Harbour } from './business.ts'
import { staffActor, storeFile, type FeaturedJobs } from './featured-job.ts'

export async function addOpenJobs(options: LoadOptions, harbour: Harbour, jobs: FeaturedJobs): Promise<void> {
  await addDishwasherJob(options, harbour, jobs)
  addRequests(harbour, jobs)
  addAssignedJobs(harbour, jobs)
  addTodaysJobs(harbour, jobs)
}

/** When the office assigned Eleanor's dishwasher repair. */
const dishwasherAssigned = ({ calendar }: Harbour) => calendar.past(-2, '09:05')

/** Eleanor's dishwasher repair, in progress now, with comments and files. */
async function addDishwasherJob(options: LoadOptions, harbour: Harbour, jobs: FeaturedJobs): Promise<void> {
  const { builder, customer, templates, staff } = harbour
  const { at, ago, past } = harbour.calendar
  const booked = past(-3, '19:42')
  builder.addJob({
    customer: customer('Eleanor Finch'),
    template: templates.dishwasher,
    created: booked,
    ...jobs.booking('eleanor', templates.dishwasher, booked, at(0, '09:00')),
    steps: [
      {
        ...jobs.assigned(dishwasherAssigned(harbour), staff.marek, roundToMinutes(ago(12), 15)),
        actor: staffActor(staff.ruth),
      },
      { at: ago(4), to: 'started', actor: staffActor(staff.marek) },
    ],
    answers: {
      make: 'Bosch',
      model: 'SMS6ZCI00G',
      fault: 'Water stays in the bottom after every wash. Code E24.',
      symptoms: ['Won’t drain'],
      rinse: true,
      parking: false,
    },
    comments: dishwasherComments(harbour, jobs),
    files: await dishwasherFiles(options, harbour, jobs, booked),
  })
}

function dishwasherComments(harbour: Harbour, jobs: FeaturedJobs): DemoComment[] {
  const { now, staff, calendar } = harbour
  const assigned = dishwasherAssigned(harbour)
  const comments: DemoComment[] = [
    {
      at: addMinutes(assigned, 1),
      actor: staffActor(staff.ruth),
      audience: 'customer',
      body: 'Good morning. Marek will bring a new drain pump. Could you clear the cupboard next to the dishwasher?',
    },
    {
      at: addMinutes(assigned, 205),
      actor: jobs.portalActor('eleanor'),
      audience: 'customer',
      body: 'Done. The gate code is in the photo.',
    },
    {
      at: calendar.ago(9),
      actor: staffActor(staff.ben),
      audience: 'internal',
      body: 'Pump is in van 2, second shelf.',
    },
  ]
  return comments.filter((comment) => comment.at < now)
}

async function dishwasherFiles(options: LoadOptions, harbour: Harbour, jobs: FeaturedJobs, at: Date) {
  const actor = jobs.portalActor('eleanor')
  const warranty = [
    'Bosch SMS6ZCI00G',
    'Five years on parts, two years on labor.',
    'Bought in Bristol. Keep this page.',
  ]
  return [
    await storeFile(options, harbour, {
      name: 'display-e24.jpg',
      bytes: await display('E24'),
      actor,
      at,
      field: 'photos',
    }),
    await storeFile(options, harbour, { name: 'warranty.pdf', bytes: page('Warranty', warranty), actor, at }),
  ]
}

function addRequests({ templates, staff, calendar }: Harbour, jobs: FeaturedJobs): void {
  const { ago, coming } = calendar
  jobs.add('Redcliffe Parade Lettings', templates.washer, ago(50), {
    ...jobs.booking('eleanor', templates.washer, ago(50), coming(7, '13:00')),
  })
  jobs.add('Lockside Hotel', templates.laundry, ago(35), {
    ...jobs.booking('oliver', templates.laundry, ago(35), coming(0, '16:00')),
    answers: { make: 'Miele', model: 'PW 6080', fault: 'The drum won’t turn.', symptoms: ['Drum won’t turn'] },
    comments: [
      {
        at: ago(30),
        actor: jobs.portalActor('oliver'),
        audience: 'customer',
        body: 'Laundry is down, 40 rooms tonight. Please call reception on arrival.',
      },
      {
        at: ago(26),
        actor: staffActor(staff.ben),
        audience: 'internal',
        body: 'Belt is in van 2. Marek could swap with the washing machine at Dockside.',
      },
    ],
    tags: ['urgent'],
  })
}

function addAssignedJobs(harbour: Harbour, jobs: FeaturedJobs): void {
  const { customer, templates, staff } = harbour
  const { past, coming } = harbour.calendar
  // Never before the dishwasher repair was assigned.
  const afternoon = new Date(
    Math.max(past(-1, '15:00').getTime(), addMinutes(dishwasherAssigned(harbour), 1).getTime()),
  )
  jobs.add('Ashton Vale Nursery', templates.fridge, afternoon, {
    steps: [jobs.assigned(addMinutes(afternoon, 20), staff.tom, coming(1, '08:00'))],
  })
  jobs.add('Eleanor Finch', templates.service, addMinutes(afternoon, 4), {
    actor: jobs.portalActor('eleanor'),
    site: customer('Eleanor Finch').sites[1]!,
    steps: [jobs.assigned(addMinutes(afternoon, 31), staff.priya, coming(5, '08:00'))],
    answers: { which: ['Fridge or freezer'] },
  })
  jobs.add('Idris Mirza', templates.install, addMinutes(afternoon, 9), {
    steps: [jobs.assigned(addMinutes(afternoon, 45), staff.leila, coming(1, '13:00'))],
  })
}

function addTodaysJobs({ templates, staff, calendar }: Harbour, jobs: FeaturedJobs): void {
  const { ago, past, coming } = calendar
  const [tom, leila] = [staffActor(staff.tom), staffActor(staff.leila)]
  jobs.add('Martha Okonkwo', templates.dryer, past(-3, '10:12'), {
    steps: [
      jobs.assigned(past(-3, '11:00'), staff.tom, past(-2, '09:30')),
      { at: past(-2, '09:36'), to: 'started', actor: tom },
      { at: past(-2, '10:20'), to: 'paused', actor: tom, reason: 'Waiting for parts' },
    ],
    comments: [
      {
        at: past(-2, '10:24'),
        actor: tom,
        audience: 'customer',
        body: 'The heater is broken. I’ve ordered a new one and will come back when it arrives.',
      },
    ],
  })
  jobs.add('The Grain Barge', templates.oven, past(-2, '12:02'), {
    steps: [
      jobs.assigned(past(-2, '13:00'), staff.leila, roundToMinutes(ago(40), 15)),
      { at: ago(33), to: 'started', actor: leila },
    ],
  })
  jobs.add('Dockside Lettings', templates.washer, past(-2, '14:10'), {
    actor: jobs.portalActor('naveed'),
    steps: [jobs.assigned(past(-2, '15:00'), staff.marek, coming(0, '13:30'))],
  })
  jobs.add('Sofia Lindqvist', templates.fridge, past(-2, '14:55'), {
    steps: [jobs.assigned(past(-2, '15:20'), staff.marek, coming(0, '14:30'))],
  })
}
