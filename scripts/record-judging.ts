// Makes `notebooks/judging/replay.jsonl`: runs the study against the scripted server, which judges nothing, and packs its
// answers. Each finding says that it is scripted, so that nobody takes it for a judgement.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { pick, type Script, scoreFor, startScriptedJudge } from '../test/fixtures/scripted-judge.ts'

const STUDY = 'notebooks/judging.mirage.md'
const BUNDLE = 'notebooks/judging/replay.jsonl'
/** The address that the study names; it is part of every question. */
const PORT = 4611

const script: Script = ({ key, body }) => {
  const format = body.response_format as { json_schema: { name: string } }
  const score = scoreFor(key)
  const finding = { what: 'scripted, not a judgement', where: 'nowhere', kind: 'P2', severity: 6 - score }
  const more = ['A', 'B', 'neither'][pick(key, 3)]
  const answer =
    format.json_schema.name === 'pairwise'
      ? { a: ['scripted, not a judgement'], b: [], more }
      : { elements: score === 5 ? [] : [finding], score }
  return { do: 'answer', text: JSON.stringify(answer) }
}

const server = await startScriptedJudge({ script, port: PORT })
const mirage = (...words: string[]) =>
  new Promise<void>((resolve, reject) => {
    spawn(process.execPath, ['bin/mirage.mjs', ...words], { stdio: 'inherit' }).on('exit', code =>
      code === 0 ? resolve() : reject(new Error(`mirage ${words[0]} ended with code ${code}`)),
    )
  })
await rm(BUNDLE, { force: true })
await mirage('run', STUDY)
await mirage('replay', 'pack', STUDY, BUNDLE)
await server.close()
