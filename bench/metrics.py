"""PSNR, SSIM and five-scale SSIM on Y of pairs of RGB images with scikit-image, for metrics.bench.ts.

scikit-image has no MS-SSIM, and its SSIM does not give the contrast-structure term alone; its SSIM on five scales costs
what an MS-SSIM made of it would.

    python3 metrics.py FILE SIDE PAIRS PROCESSES SECONDS
FILE holds PAIRS x 2 images of SIDE x SIDE x 3 bytes.
"""
import json
import sys
import time
from multiprocessing import Pool

import numpy as np
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import downscale_local_mean


def ssim(a, b):
    return structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255)


def measure(pair):
    a, b = (rgb2ycbcr(image)[..., 0] for image in pair)
    psnr = peak_signal_noise_ratio(a, b, data_range=255)
    a, b = np.round(a), np.round(b)
    finest = ssim(a, b)
    product = 1.0
    for scale, weight in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        product *= max(ssim(a, b) if scale > 0 else finest, 0) ** weight
        a, b = downscale_local_mean(a, (2, 2)), downscale_local_mean(b, (2, 2))
    return [psnr, finest, product]


def work(task):
    pairs, seconds = task
    values = [measure(pair) for pair in pairs]
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        measure(pairs[count % len(pairs)])
        count += 1
    return count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1000, values


if __name__ == "__main__":
    path, side, count, processes, seconds = sys.argv[1], *map(int, sys.argv[2:])
    pairs = np.fromfile(path, np.uint8).reshape(count, 2, side, side, 3)
    with Pool(processes) as pool:
        results = pool.map(work, [(pairs[i::processes], seconds) for i in range(processes)])
    rates, cpu, values = zip(*results)
    print(json.dumps({"perSecond": sum(rates), "cpuMilliseconds": sum(cpu) / len(cpu), "first": values[0][0]}))
