import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** A way to execute a network. */
export interface Provider {
  label: string
  /** onnxruntime's name for it. */
  runtimeName: string
  platforms: NodeJS.Platform[]
  /** What it needs besides Mirage. */
  needs: string
  /** A command or an action that adds it. */
  add: string
  /** Library that onnxruntime-node does not bring along but fetches when asked. */
  library?: string
}

export type ProviderName = 'cuda' | 'tensorrt' | 'webgpu' | 'directml' | 'coreml' | 'cpu'

/**
 * Execution providers of onnxruntime-node. Whether one works on this machine is only known once it has run a network
 * (probe.ts): the runtime's own list names what was compiled in.
 */
export const PROVIDERS: Record<ProviderName, Provider> = {
  cuda: {
    label: 'CUDA (NVIDIA)',
    runtimeName: 'cuda',
    platforms: ['linux'],
    needs: 'an NVIDIA driver, the CUDA 12 runtime and cuDNN 9 on the library path',
    add: 'mirage providers add cuda',
    library: 'libonnxruntime_providers_cuda.so',
  },
  tensorrt: {
    label: 'TensorRT (NVIDIA)',
    runtimeName: 'tensorrt',
    platforms: ['linux'],
    needs: 'what CUDA needs, and TensorRT 10 on the library path',
    add: 'mirage providers add tensorrt',
    library: 'libonnxruntime_providers_tensorrt.so',
  },
  webgpu: {
    label: 'WebGPU',
    runtimeName: 'webgpu',
    platforms: ['linux', 'darwin', 'win32'],
    needs: 'a graphics driver with Vulkan (Linux), Metal (macOS) or Direct3D 12 (Windows)',
    add: 'on Linux: sudo apt install libvulkan1 mesa-vulkan-drivers (Debian 12: -t bookworm-backports), or the driver of the GPU',
  },
  directml: {
    label: 'DirectML',
    runtimeName: 'dml',
    platforms: ['win32'],
    needs: 'Windows 10 or later and a Direct3D 12 GPU',
    add: 'update the graphics driver',
  },
  coreml: {
    label: 'Core ML',
    runtimeName: 'coreml',
    platforms: ['darwin'],
    needs: 'macOS on Apple silicon',
    add: 'nothing to install: it comes with macOS',
  },
  cpu: {
    label: 'CPU',
    runtimeName: 'cpu',
    platforms: ['linux', 'darwin', 'win32'],
    needs: 'nothing',
    add: 'nothing to install: it comes with Mirage',
  },
}

export const PROVIDER_NAMES = Object.keys(PROVIDERS) as ProviderName[]

/** Says which library of a provider is not installed, before the runtime complains about it on standard error. */
export function missingLibrary(name: ProviderName): string | undefined {
  const { library } = PROVIDERS[name]
  if (library === undefined) return undefined
  return existsSync(join(libraryFolder(), library)) ? undefined : library
}

/** Where onnxruntime-node keeps its libraries. */
export function libraryFolder(): string {
  return join(dirname(installerPath()), '..', 'bin', 'napi-v6', process.platform, process.arch)
}

/** The package's own installer, which it skips unless asked. */
export function installerPath(): string {
  try {
    return createRequire(import.meta.url).resolve('onnxruntime-node/script/install.js')
  } catch {
    return 'node_modules/onnxruntime-node/script/install.js'
  }
}

/** What trying a provider found. */
export interface ProviderState {
  name: ProviderName
  works: boolean
  /** Why it does not work, as the runtime says it. */
  reason?: string
  /** Time of one convolution of 64 channels on 128 x 128 pixels after warm-up. */
  milliseconds?: number
}
