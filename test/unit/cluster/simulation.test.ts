import { expect, test } from 'vitest'
import { type StepTimes, simulate } from '../../../bench/cluster-simulation.ts'

const free: StepTimes = {
  rows: { infer: [1, 2, 3], metrics: [0.5], score: [4] },
  launch: 0,
  dispatch: 0,
  start: 0,
  read: 0,
  collect: 0,
}

test('one node without overhead loses nothing; nodes beyond the shards have nothing to do', () => {
  expect(simulate(free, { images: 500, shards: 16, nodes: 1 }).efficiency).toBeCloseTo(1, 9)
  const sixteen = simulate(free, { images: 500, shards: 16, nodes: 16 })
  const more = simulate(free, { images: 500, shards: 16, nodes: 64 })
  expect(more.makespan).toBe(sixteen.makespan)
  expect(more.efficiency).toBeCloseTo(sixteen.efficiency / 4, 9)
})

test('overhead is paid per task with rows, and the time of a collection by one node', () => {
  const times = { ...free, start: 10 }
  const { makespan } = simulate(free, { images: 500, shards: 16, nodes: 1 })
  // 16 tasks and a collection for each of the three steps.
  expect(simulate(times, { images: 500, shards: 16, nodes: 1 }).makespan).toBeCloseTo(
    makespan + 10 * 17 * 3,
    6,
  )
  expect(simulate({ ...free, collect: 1 }, { images: 500, shards: 16, nodes: 8 }).makespan).toBeCloseTo(
    simulate(free, { images: 500, shards: 16, nodes: 8 }).makespan + 500 * 3,
    6,
  )
})
