"""Figures of merit for images, codes and maps.

Images are float (N, C, H, W) in [0, 1], the decoded ones of the same shape; a figure is given per image, (N,) float64,
and averaged by the caller. Long arrays are worked through in parts, so that memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SSIM_WINDOW = 7
SSIM_STABILISERS = (0.01**2, 0.03**2)  # K1 and K2 of Wang et al. 2004, for a range of 1
LEAST_PROBABILITY = 1e-7  # where a Bernoulli pixel's logarithm is cut off, as float32 cannot tell less from 0
ACTIVE_VARIANCE = 0.01
"""A unit of a VAE is active if its posterior mean varies more than this over the data (Burda et al. 2016, 5.2)."""
COLLAPSED = 0.01  # nats: a dimension with less KL to the prior tells nothing
PROBE_REGULARISATION = 1.0  # scikit-learn's C
VALUES_A_PART = 1_000_000  # 8 MB in float64; small enough for a processor's cache to help
DISTANCES_A_PART = 10_000_000  # 80 MB in float64


def mse(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Mean squared error over an image's pixels, (N,): sum_i (x_i - y_i)^2 / P over its P = C H W values.

    In squares of the pixels' range, so that black for white is 1: scikit-image's ``mean_squared_error`` of each image.
    """
    return _per_image(lambda x, y: np.square(x - y).mean((1, 2, 3)), images, decoded)


def psnr(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Peak signal-to-noise ratio, 10 log10(1 / MSE) in decibels, (N,); infinite for equal images.

    scikit-image's ``peak_signal_noise_ratio`` of each image with a range of 1; the mean of it over images is not the
    ratio of their mean error.
    """
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse(images, decoded))


def bce(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Binary cross-entropy in nats per image, summed over pixels, (N,); ``decoded`` are Bernoulli means.

    -sum_i [x_i log y_i + (1 - x_i) log(1 - y_i)] over an image's C H W values (Kingma & Welling 2014, appendix C.1), a
    sum and no mean. The least value for grey pixels is their entropy, not 0.
    Means are kept 1e-7 away from 0 and 1, so that one certain and wrong pixel does not make it infinite.
    """

    def part(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        means = np.clip(y, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return -(x * np.log(means) + (1 - x) * np.log1p(-means)).sum((1, 2, 3))

    return _per_image(part, images, decoded)


def ssim(images: np.ndarray, decoded: np.ndarray) -> np.ndarray:
    """Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004, eq. 13 and 17), (N,), 1 for equal images.

    (2 mx my + c1) (2 cxy + c2) / ((mx^2 + my^2 + c1) (vx + vy + c2)) of a window's means m, variances v and covariance
    cxy, with c1 = 0.01^2 and c2 = 0.03^2; a number without a unit, in [-1, 1].
    Uniform window of 7x7 (for smaller images the largest odd one that fits) with sample covariance, averaged over the
    windows that lie wholly inside and over channels: scikit-image's ``structural_similarity`` at its defaults with a
    range of 1.

    Raises:
        ValueError: if an image is smaller than 3x3 pixels, the smallest window.
    """
    window = min(SSIM_WINDOW, *(side - 1 + side % 2 for side in images.shape[2:]))
    if window < 3:
        raise ValueError(f"images of {images.shape[2]}x{images.shape[3]} pixels are too small for SSIM")
    return _per_image(lambda x, y: _ssim(x, y, window), images, decoded)


def _ssim(x: np.ndarray, y: np.ndarray, window: int) -> np.ndarray:
    """Equation 13 of Wang et al. 2004 at every window, then the mean (their equation 17)."""
    from scipy.ndimage import uniform_filter

    edge = window // 2
    inside = (..., slice(edge, x.shape[2] - edge), slice(edge, x.shape[3] - edge))

    def smooth(values: np.ndarray) -> np.ndarray:
        return uniform_filter(values, (0, 0, window, window))[inside]

    sample = window**2 / (window**2 - 1)  # from the population's covariance to the sample's
    mean_x, mean_y = smooth(x), smooth(y)
    # Of the variances only the sum is needed, so one filter does for both.
    variances = sample * (smooth(x * x + y * y) - mean_x * mean_x - mean_y * mean_y)
    covariance = sample * (smooth(x * y) - mean_x * mean_y)
    c1, c2 = SSIM_STABILISERS
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (mean_x * mean_x + mean_y * mean_y + c1) * (variances + c2)
    )
    return similarity.mean((1, 2, 3))


def _per_image(
    figure: Callable[[np.ndarray, np.ndarray], np.ndarray], images: np.ndarray, decoded: np.ndarray
) -> np.ndarray:
    """A figure of pairs of images, worked out in float64, part by part."""
    if images.shape != decoded.shape or images.ndim != 4:
        raise ValueError(f"images {images.shape} and decoded images {decoded.shape} must both be (N, C, H, W)")
    figures = np.empty(len(images))
    size = max(1, VALUES_A_PART // max(1, int(np.prod(images.shape[1:]))))
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        figures[part] = figure(images[part].astype(np.float64), decoded[part].astype(np.float64))
    return figures


# --- codes --------------------------------------------------------------------------------------------------------


def active_units(means: np.ndarray) -> np.ndarray:
    """(D,) whether each unit's posterior mean varies over the data, its variance over images being more than 0.01.

    Burda, Grosse & Salakhutdinov 2016, section 5.2: A_u = Cov_x(E_q(u|x)[u]), the population's variance, in squares of
    the prior's deviation. ``means`` are (N, D).
    """
    return np.var(means, axis=0, dtype=np.float64) > ACTIVE_VARIANCE


def mutual_information(means: np.ndarray, deviations: np.ndarray, *, draws: int = 2000, seed: int = 0) -> float:
    """Nats that a code tells of its image: I(x; z) under the aggregated posterior q(z) = mean_n q(z|x_n).

    The mean of log q(z|x) - log q(z) over draws of an image and its code (Hoffman & Johnson 2016, "ELBO surgery",
    eq. 6). The sum in q(z) runs over all N images, so the estimate cannot exceed log N: near it, the truth is more.

    Args:
        means: (N, D) posterior means.
        deviations: (N, D) posterior standard deviations, all above 0.
        draws: images to draw a code for, at most N.
        seed: of the choice of images and of their codes.
    """
    count = len(means)
    generator = np.random.default_rng(seed)
    chosen = generator.permutation(count)[:draws]
    means, deviations = means.astype(np.float64), deviations.astype(np.float64)
    codes = means[chosen] + deviations[chosen] * generator.standard_normal((len(chosen), means.shape[1]))
    # sum_d (z_d - m_d)^2 / s_d^2 as three matrix products, which is far quicker than all the differences.
    precision = deviations**-2
    offsets = (means**2 * precision).sum(1) + 2 * np.log(deviations).sum(1)
    information = np.empty(len(codes))
    size = max(1, DISTANCES_A_PART // count)
    for start in range(0, len(codes), size):
        part = codes[start : start + size]
        log_density = -0.5 * (part**2 @ precision.T - 2 * part @ (means * precision).T + offsets)
        own = log_density[np.arange(len(part)), chosen[start : start + size]]
        largest = log_density.max(1)
        log_sum = largest + np.log(np.exp(log_density - largest[:, None]).sum(1))
        information[start : start + size] = own - log_sum + np.log(count)
    return float(information.mean())


def knn_accuracy(codes: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Share of codes (N, D) whose label (N,) is the most frequent one among their k nearest other codes.

    mean_n [argmax_c #{j among the k nearest to n: label_j = c} = label_n], the k-nearest-neighbour rule (Cover & Hart
    1967, "Nearest neighbor pattern classification"), leaving each code itself out. Distance is Euclidean; labels are
    whole numbers from 0. A tie of votes goes to the smaller label; of codes equally far, scikit-learn's search chooses
    which are among the k. Where there are not k others, all of them vote; a single code has no neighbours, and the
    figure is not a number.
    """
    from sklearn.neighbors import KNeighborsClassifier

    if len(codes) < 2:
        return float("nan")
    return float(KNeighborsClassifier(min(k, len(codes) - 1)).fit(codes, labels).score(None, labels))


def knn_transfer(
    train_codes: np.ndarray, train_labels: np.ndarray, codes: np.ndarray, labels: np.ndarray, k: int
) -> float:
    """Share of codes (N, D) whose label (N,) is the most frequent one among their k nearest training codes (M, D).

    The rule of ``knn_accuracy`` (Cover & Hart 1967) with neighbours from another set, no code left out. Distance and
    ties are as there; where there are not k training codes, all of them vote.
    """
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(min(k, len(train_codes))).fit(train_codes, train_labels)
    return float(classifier.score(codes, labels))


def linear_probe(train_codes: np.ndarray, train_labels: np.ndarray, codes: np.ndarray, labels: np.ndarray) -> float:
    """Share of codes (N, D) that a linear classifier learnt from training codes (M, D) puts into the right class.

    Multinomial logistic regression (Alain & Bengio 2017, "Understanding intermediate layers using linear classifier
    probes"): the share of codes z with argmax_c w_c.z + b_c = label, where w and b minimise
    -C sum_m log softmax(W z_m + b)[label_m] + |W|^2 / 2 over training codes, C being 1 as scikit-learn has it. All
    codes are standardised by the training codes' mean and deviation first. Of two classes, one keeps w and b at 0.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=PROBE_REGULARISATION, max_iter=1000))
    return float(probe.fit(train_codes, train_labels).score(codes, labels))


# --- samples ------------------------------------------------------------------------------------------------------


def frechet_distance(features: np.ndarray, others: np.ndarray) -> float:
    """Squared Fréchet (Wasserstein-2) distance of Gaussians fitted to two sets of features, (N, F) and (M, F).

    |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), Heusel et al. 2017, eq. 6. It depends on the features' scale and grows
    as sets get smaller: compare only figures of one feature space at one size.
    """
    mean, other_mean = features.mean(0, dtype=np.float64), others.mean(0, dtype=np.float64)
    covariance = np.atleast_2d(np.cov(features, rowvar=False, dtype=np.float64))
    other_covariance = np.atleast_2d(np.cov(others, rowvar=False, dtype=np.float64))
    # tr (C1 C2)^(1/2) = tr (C1^(1/2) C2 C1^(1/2))^(1/2), whose argument is symmetric.
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ other_covariance @ root), 0, None)).sum()
    distance = np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other_covariance) - 2 * cross
    return float(max(distance, 0.0))


@dataclass(frozen=True)
class SampleQuality:
    """How samples lie among real images in a feature space.

    Precision and recall are those of Kynkäänniemi et al. 2019 (eq. 2 and 3), density and coverage those of Naeem et al.
    2020 (eq. 3 and 4).
    """

    precision: float
    """Share of samples that lie nearer to some real image than its k-th nearest other real image does."""
    recall: float
    """Share of real images that lie so near to some sample."""
    density: float
    """Mean number of real images that a sample lies so near to, over k; may exceed 1."""
    coverage: float
    """Share of real images that have a sample so near, by the real image's own distance."""


def sample_quality(real: np.ndarray, samples: np.ndarray, k: int = 5) -> SampleQuality:
    """Compare features of real images (N, F) with features of samples (M, F).

    With R_i the distance of real image x_i to its k-th nearest other real image, and S_j that of sample y_j to its k-th
    nearest other sample: precision is the mean over j of [some i: |x_i - y_j| <= R_i], recall the mean over i of
    [some j: |x_i - y_j| <= S_j] (Kynkäänniemi et al. 2019, eq. 1 to 3); density is 1/(k M) times the number of pairs
    with |x_i - y_j| <= R_i, coverage the mean over i of [some j: |x_i - y_j| <= R_i] (Naeem et al. 2020, eq. 3 and 4).

    Args:
        real: features of real images.
        samples: features of samples.
        k: neighbours; 5 as in Naeem et al. 2020, for all four figures (Kynkäänniemi et al. take 3).

    Raises:
        ValueError: unless both sets have more than k members.
    """
    from sklearn.metrics import pairwise_distances

    if min(len(real), len(samples)) <= k:
        raise ValueError(f"sample quality with {k} neighbours needs more than {k} images of each kind")
    real_radii, sample_radii = _radii(real, k), _radii(samples, k)
    within_real = np.zeros(len(samples), int)
    within_samples, covered = np.zeros(len(real), bool), np.zeros(len(real), bool)
    size = max(1, DISTANCES_A_PART // len(samples))
    for start in range(0, len(real), size):
        part = slice(start, start + size)
        distances = pairwise_distances(real[part], samples)
        inside = distances <= real_radii[part, None]
        within_real += inside.sum(0)
        covered[part] = inside.any(1)
        within_samples[part] = (distances <= sample_radii).any(1)
    return SampleQuality(
        float((within_real > 0).mean()),
        float(within_samples.mean()),
        float(within_real.mean() / k),
        float(covered.mean()),
    )


def _radii(features: np.ndarray, k: int) -> np.ndarray:
    """(N,) each point's distance to its k-th nearest other point."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(features).kneighbors()[0][:, -1]
