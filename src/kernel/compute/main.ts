import { JOBS } from './jobs/index.ts'
import { serve } from './serve.ts'

// Entry of a compute process. onnxruntime-node and sharp are loaded here and nowhere else, by the jobs that need them.
serve(JOBS)
