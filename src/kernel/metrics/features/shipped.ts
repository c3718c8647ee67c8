import { type NetworkManifest, networkManifest } from './network.ts'

export interface FeatureMetricRow {
  /** Word in `use:`. */
  name: string
  label: string
  summary: string
  manifest: NetworkManifest
  /** Id of the network that comes with Mirage; without it `weights` must name a file. */
  embedded?: string
  /** `channelWeights` must name a file. */
  learned?: true
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
const CLIP = { mean: [0.48145466, 0.4578275, 0.40821073], std: [0.26862954, 0.26130258, 0.27577711] }
/** LPIPS maps 0..1 to -1..1 and then applies its scaling layer; both in one. */
const LPIPS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }

const maps = (outputs: string[], weight: number) =>
  outputs.map(output => ({ output, layout: 'nchw', weight }))

function row(
  text: Omit<FeatureMetricRow, 'manifest'>,
  manifest: { name: string; source: string; form: string; taps: object[]; input: object },
): FeatureMetricRow {
  return { ...text, manifest: networkManifest.parse(manifest) }
}

/**
 * Feature distances by name. `inception` and `mobilenet` come with weights. The others stand for networks whose weights the user
 * brings; names of inputs and outputs are those of the usual exports, and a manifest file can say otherwise.
 */
export const FEATURE_METRICS: readonly FeatureMetricRow[] = [
  row(
    {
      name: 'inception',
      label: 'ImageNet-Inception distance',
      summary: 'Distance of features of an ImageNet-trained InceptionV3 (not LPIPS, DINO or CLIP).',
      embedded: 'imagenet-inception',
    },
    {
      name: 'ImageNet-Inception (InceptionV3 up to mixed4)',
      source:
        'Weights: nsfwjs 4.4.0, https://github.com/infinitered/nsfwjs; form as in LPIPS with equal weights',
      form: 'lpips',
      input: { minimum: 75 },
      taps: maps(['activation_3', 'activation_5', 'mixed0', 'mixed2', 'mixed3', 'mixed4'], 1 / 6),
    },
  ),
  row(
    {
      name: 'mobilenet',
      label: 'ImageNet-MobileNet distance',
      summary: 'Distance of features of an ImageNet-trained MobileNetV2 (not LPIPS, DINO or CLIP).',
      embedded: 'imagenet-mobilenet',
    },
    {
      name: 'ImageNet-MobileNet (MobileNetV2 up to block 10)',
      source:
        'Weights: nsfwjs 4.4.0, https://github.com/infinitered/nsfwjs; form as in LPIPS with equal weights',
      form: 'lpips',
      input: { minimum: 32 },
      taps: maps(['Conv1_relu', 'block_2_add', 'block_5_add', 'block_9_add', 'block_10_project_BN'], 1 / 5),
    },
  ),
  row(
    {
      name: 'dinov2',
      label: 'DINOv2 distance',
      summary: 'Mean over patches of 1 - cosine of DINOv2 features. Needs weights.',
    },
    {
      name: 'DINOv2',
      source:
        'Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", 2023, https://github.com/facebookresearch/dinov2',
      form: 'cosine',
      input: { ...IMAGENET, size: 'native', multiple: 14, minimum: 14 },
      taps: [{ output: 'last_hidden_state', layout: 'tokens', skip: 1 }],
    },
  ),
  row(
    {
      name: 'dinov3',
      label: 'DINOv3 distance',
      summary: 'Mean over patches of 1 - cosine of DINOv3 features. Needs weights.',
    },
    {
      name: 'DINOv3',
      source: 'Siméoni et al., "DINOv3", 2025, https://github.com/facebookresearch/dinov3',
      form: 'cosine',
      input: { ...IMAGENET, size: 'native', multiple: 16, minimum: 16 },
      // A class token and four registers.
      taps: [{ output: 'last_hidden_state', layout: 'tokens', skip: 5 }],
    },
  ),
  row(
    {
      name: 'clip',
      label: 'CLIP distance',
      summary: '1 - cosine of CLIP image embeddings. Needs weights.',
    },
    {
      name: 'CLIP',
      source:
        'Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, https://github.com/openai/CLIP',
      form: 'cosine',
      input: { ...CLIP, size: 224 },
      taps: [{ output: 'image_embeds', layout: 'vector' }],
    },
  ),
  row(
    {
      name: 'siglip',
      label: 'SigLIP distance',
      summary: '1 - cosine of SigLIP image embeddings. Needs weights.',
    },
    {
      name: 'SigLIP',
      source:
        'Zhai et al., "Sigmoid Loss for Language Image Pre-Training", 2023, https://github.com/google-research/big_vision',
      form: 'cosine',
      input: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 224 },
      taps: [{ output: 'pooler_output', layout: 'vector' }],
    },
  ),
  row(
    {
      name: 'lpips-alex',
      label: 'LPIPS (AlexNet)',
      summary: 'LPIPS v0.1 with AlexNet. Needs the weights of the network and of its linear layers.',
      learned: true,
    },
    {
      name: 'LPIPS v0.1 AlexNet',
      source:
        'Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, https://github.com/richzhang/PerceptualSimilarity',
      form: 'lpips',
      input: { ...LPIPS, minimum: 63 },
      taps: maps(['relu1', 'relu2', 'relu3', 'relu4', 'relu5'], 1),
    },
  ),
  row(
    {
      name: 'lpips-vgg',
      label: 'LPIPS (VGG)',
      summary: 'LPIPS v0.1 with VGG-16. Needs the weights of the network and of its linear layers.',
      learned: true,
    },
    {
      name: 'LPIPS v0.1 VGG-16',
      source:
        'Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018, https://github.com/richzhang/PerceptualSimilarity',
      form: 'lpips',
      input: { ...LPIPS, minimum: 16 },
      taps: maps(['relu1_2', 'relu2_2', 'relu3_3', 'relu4_3', 'relu5_3'], 1),
    },
  ),
  row(
    {
      name: 'dists',
      label: 'DISTS',
      summary:
        'Deep image structure and texture similarity. Needs the weights of the network, alpha and beta.',
      learned: true,
    },
    {
      name: 'DISTS (VGG-16 with L2 pooling)',
      source:
        'Ding et al., "Image Quality Assessment: Unifying Structure and Texture Similarity", 2020, https://github.com/dingkeyan93/DISTS',
      form: 'dists',
      input: { ...IMAGENET, minimum: 16 },
      taps: [
        { output: 'image', layout: 'image' },
        ...maps(['relu1_2', 'relu2_2', 'relu3_3', 'relu4_3', 'relu5_3'], 1),
      ],
    },
  ),
]
