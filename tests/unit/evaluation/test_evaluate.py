"""The figures of a checkpoint: likelihoods against a model whose exact one is known, reports, and the classifier."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from scipy.stats import multivariate_normal

from vae_core.checkpoint import Checkpoint, find_checkpoint
from vae_core.config import DataConfig, ModelConfig, RunConfig, TrainConfig, UserError
from vae_core.data import ImageSet, load_images
from vae_core.evaluation import classifier, further, metrics
from vae_core.evaluation.__main__ import main
from vae_core.evaluation.baseline import principal_components
from vae_core.evaluation.classifier import train_classifier
from vae_core.evaluation.further import evaluate_further
from vae_core.evaluation.images import prepared, training_images
from vae_core.evaluation.record import Metrics
from vae_core.evaluation.report import report
from vae_core.latent.space import LatentSpace
from vae_core.models import Autoencoder, Posterior
from vae_core.training.fit import describe_images, fit

LATENT, SIDE = 3, 4


class FactorAnalysis(Autoencoder):
    """x = W z + b + noise with orthogonal columns of W: its posterior is diagonal and its likelihood known."""

    variational = True

    def __init__(self, spread: float) -> None:
        super().__init__(ModelConfig(image_shape=(1, SIDE, SIDE), latent=LATENT, likelihood="gaussian"))
        generator = np.random.default_rng(0)
        directions = np.linalg.qr(generator.normal(size=(SIDE * SIDE, LATENT)))[0] * [2.0, 1.0, 0.5]
        self.loadings = torch.from_numpy(directions).float()
        self.offset = torch.full((SIDE * SIDE,), 0.5)
        self.spread = spread
        self.pixel_log_variance.data = torch.tensor(-2.0)

    def encode(self, images: torch.Tensor, labels: torch.Tensor | None = None) -> Posterior:
        """The exact posterior (Bishop 2006, eq. 12.42), its deviations multiplied by ``spread``."""
        variance = torch.exp(self.pixel_log_variance)
        precision = 1 + self.loadings.square().sum(0) / variance
        mean = (images.flatten(1) - self.offset) @ self.loadings / variance / precision
        return Posterior(mean, (self.spread**2 / precision).log().expand_as(mean))

    def decode(self, codes: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Pixel means."""
        return (codes @ self.loadings.T + self.offset).unflatten(1, (1, SIDE, SIDE))

    def to_images(self, output: torch.Tensor) -> torch.Tensor:
        """The means themselves."""
        return output

    def exact(self, images: np.ndarray) -> np.ndarray:
        """Log p(x) in nats, (N,): x is Gaussian with covariance W W^T + s^2 I."""
        loadings = self.loadings.numpy().astype(float)
        covariance = loadings @ loadings.T + np.exp(-2.0) * np.eye(SIDE * SIDE)
        return multivariate_normal(self.offset.numpy(), covariance).logpdf(images.reshape(len(images), -1))


@pytest.fixture(autouse=True)
def _short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A classifier of digits has learnt enough after a seventh of the steps."""
    monkeypatch.setattr(classifier, "STEPS", 200)


def space_of(model: Autoencoder) -> LatentSpace:
    """The model as the app uses it."""
    run = RunConfig(model=model.config)
    return LatentSpace(model, run, Checkpoint("factors", Path("factors"), run))


@pytest.fixture
def pictures() -> np.ndarray:
    """A thousand random images, float32 (1000, 1, 4, 4)."""
    return np.random.default_rng(1).random((1000, 1, SIDE, SIDE), np.float32)


def test_the_likelihood_is_exact_where_the_posterior_is(pictures: np.ndarray) -> None:
    """With the true posterior every importance weight is p(x), so that one draw is enough."""
    model = FactorAnalysis(spread=1.0)
    estimate = space_of(model).log_likelihood(pictures, samples=1)
    np.testing.assert_allclose(estimate, model.exact(pictures), atol=1e-4)


def test_the_likelihood_is_approached_from_below(pictures: np.ndarray) -> None:
    """With a posterior that is too wide, more draws come nearer to the exact value, and many come near."""
    model = FactorAnalysis(spread=2.0)
    space, exact = space_of(model), model.exact(pictures).mean()
    few, some, many = (space.log_likelihood(pictures, samples=count).mean() for count in (1, 10, 1000))
    assert few < some < exact
    assert many == pytest.approx(exact, abs=0.02)


def test_the_likelihood_does_not_depend_on_how_the_work_is_cut(
    pictures: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Smaller parts, hence less memory, give an estimate of the same thing."""
    model = FactorAnalysis(spread=1.1)
    pictures = pictures[:50]
    whole = space_of(model).log_likelihood(pictures, samples=500)
    monkeypatch.setattr("vae_core.latent.space.IMAGES_A_PART", 7)
    monkeypatch.setattr("vae_core.latent.space.SAMPLES_A_PART", 3)
    np.testing.assert_allclose(space_of(model).log_likelihood(pictures, samples=500), whole, atol=0.2)


def test_a_deterministic_model_has_no_likelihood(tiny_checkpoints: Path, test_images: ImageSet) -> None:
    """Asking for it is refused in one line."""
    with pytest.raises(UserError, match="not variational"):
        LatentSpace.open(tiny_checkpoints / "cae").log_likelihood(test_images.images)


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small VAE of the embedded digits, and one of binarised digits."""
    folder = tmp_path_factory.mktemp("digits")
    for name, data in (("grey", DataConfig("digits")), ("binarised", DataConfig("digits", binarise=True))):
        run = RunConfig(data, ModelConfig(network="mlp", latent=4, hidden=64), TrainConfig(epochs=5))
        train, test = load_images(data, "train"), load_images(data, "test")
        fit(describe_images(run, train), train, test, folder / name, show_progress=False)
    return folder


@pytest.mark.slow
def test_a_report_stands_beside_pca_and_real_images(digits: Path) -> None:
    """One table: the model, PCA at equal code size, and training images as what samples can at best be."""
    checkpoint = find_checkpoint("grey", digits)
    text = report(checkpoint, samples=20)
    assert "| | `grey` | 4-dimensional PCA | 360 real training images |" in text
    rows = {line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ") for line in text.splitlines()}
    assert float(rows["MSE"][1]) == pytest.approx(checkpoint.metrics.mse, abs=1e-4)
    distances = [float(cell) for cell in rows["Fréchet distance"][1:]]
    assert distances[2] < min(distances[:2])
    assert float(rows["NLL (nats)"][1]) < float(rows["Total (nats)"][1])
    assert "Grey pixels, 360 test images; nats per image; the likelihood with 20 samples" in text
    each = re.findall(r"z\d+ (\d+\.\d\d)", text)
    assert sorted(each) == sorted(f"{nats:.2f}" for nats in checkpoint.metrics.kl_per_dim)
    assert checkpoint.metrics.nll is None


def test_a_report_is_kept_only_when_asked(digits: Path) -> None:
    """--save adds the figures to those that the checkpoint has already."""
    before = find_checkpoint("grey", digits).metrics
    report(find_checkpoint("grey", digits), save=True, samples=5)
    after = find_checkpoint("grey", digits).metrics
    assert after.nll_samples == 5
    assert before.to_json().items() <= after.to_json().items()


def test_binarised_and_grey_pixels_are_told_apart(digits: Path) -> None:
    """A model of binarised pixels is measured on binarised ones, and the figures say so."""
    metrics_of = {name: find_checkpoint(name, digits).metrics for name in ("grey", "binarised")}
    assert {name: found.pixels for name, found in metrics_of.items()} == {"grey": "grey", "binarised": "binarised"}
    test = prepared(DataConfig("digits", binarise=True), load_images(DataConfig("digits"), "test"))
    assert set(np.unique(test.images)) == {0, 255}


def test_a_collapsed_posterior_is_flagged(digits: Path) -> None:
    """A VAE whose encoder says nothing has collapsed, in every dimension."""
    space = LatentSpace.open(digits / "grey")
    for parameter in space._model.encoder_head[-1].parameters():
        parameter.data.zero_()
    test = load_images(DataConfig("digits"), "test")
    figures = evaluate_further(space, test, training_images(DataConfig("digits")), samples=2)
    assert figures.posterior_collapse is True
    assert figures.collapsed_dimensions == 4
    assert figures.mutual_information == pytest.approx(0, abs=1e-6)


def test_the_report_of_a_collapsed_model_keeps_its_rows(digits: Path, tmp_path: Path) -> None:
    """A mutual information of 0 is a figure, too: the KL of nothing and no active unit stand in the table."""
    shutil.copytree(digits / "grey", tmp_path / "collapsed")
    weights = load_file(tmp_path / "collapsed" / "model.safetensors")
    for name in weights:
        if name.startswith("encoder_head.2"):
            weights[name] = torch.zeros_like(weights[name])
    with safe_open(tmp_path / "collapsed" / "model.safetensors", "pt") as file:
        save_file(weights, tmp_path / "collapsed" / "model.safetensors", file.metadata())
    text = report(find_checkpoint("collapsed", tmp_path), samples=2)
    assert "| KL (nats) | 0.00 |" in text
    assert "| Active units | 0 |" in text
    assert "4 of 4 dimensions collapsed" in text


def test_samples_of_a_model_without_a_prior_are_spread_like_its_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """PCA's codes do not follow N(0, I): its samples are those of a Gaussian fitted to codes of training images."""
    judged = []
    monkeypatch.setattr(further, "evaluate_samples", lambda config, test, samples: judged.append(samples) or Metrics())
    data = DataConfig("digits")
    train, test = (load_images(data, split) for split in ("train", "test"))
    space = principal_components(data, 6, train)
    evaluate_further(space, test, train)
    spread = space.encode(train.images).std(0)
    assert spread.min() < 0.7, "these codes would not tell the two apart"
    np.testing.assert_allclose(space.encode(judged[0]).std(0), spread, rtol=0.25)  # decoding cuts off at 0 and 1


def test_images_without_labels_have_no_figures_about_labels(digits: Path) -> None:
    """What needs labels is left out; the rest stands."""
    space = LatentSpace.open(digits / "grey")
    test = replace(load_images(DataConfig("digits"), "test"), labels=None, class_names=())
    figures = evaluate_further(space, test, test, samples=2)
    assert figures.to_json().keys() == {
        "nll",
        "mutual_information",
        "nll_samples",
        "collapsed_dimensions",
        "posterior_collapse",
    }


def test_the_baseline_is_scikit_learns_pca() -> None:
    """Its mean squared error is that of scikit-learn's components on the same images."""
    from sklearn.decomposition import PCA

    train, test = (load_images(DataConfig("digits"), split) for split in ("train", "test"))
    space = principal_components(DataConfig("digits"), 6, train)
    pca = PCA(6).fit(train.images.reshape(len(train), -1) / 255)
    expected = pca.inverse_transform(pca.transform(test.images.reshape(len(test), -1) / 255)).clip(0, 1)
    images = test.images.astype(np.float32) / 255
    error = metrics.mse(images, space.reconstruct(test.images)).mean()
    assert error == pytest.approx(np.square(expected - images.reshape(len(test), -1)).mean(), rel=1e-3)


def test_the_command_refuses_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """No name, and a name that is not there."""
    for arguments in ([], ["no-such-checkpoint"]):
        assert main(arguments) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1


# --- the classifier ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_classifier_learns_and_repeats_itself() -> None:
    """Digits it has not seen are put into their class; the same training gives the same features."""
    train, test = (load_images(DataConfig("digits"), split) for split in ("train", "test"))
    first, second = (train_classifier(train, show_progress=False) for _ in range(2))
    assert first.accuracy(test) > 0.6
    np.testing.assert_array_equal(first.describe(test.images), second.describe(test.images))
    assert first.describe(test.images).shape == (len(test), classifier.FEATURES)


@pytest.mark.slow
def test_a_classifier_is_trained_once_and_again_when_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time it comes from the cache; a damaged file is replaced."""
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path))
    trained = []
    train = classifier.train_classifier
    monkeypatch.setattr(classifier, "train_classifier", lambda images: trained.append(1) or train(images))
    for _ in range(2):
        classifier.open_classifier(DataConfig("digits"))
    assert len(trained) == 1
    (kept,) = (tmp_path / "classifiers").iterdir()
    kept.write_bytes(b"damaged")
    classifier.open_classifier(DataConfig("digits"))
    assert len(trained) == 2


def test_the_classifier_of_fashion_mnist_comes_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not trained first, and knows nine of ten test images."""
    monkeypatch.setattr(classifier, "train_classifier", None)
    config = DataConfig("fashion-mnist-small")
    assert classifier.open_classifier(config).accuracy(load_images(config, "test")) > 0.89


def test_a_classifier_needs_labels(test_images: ImageSet) -> None:
    """Images without labels are refused in one line."""
    with pytest.raises(UserError, match="no labels"):
        train_classifier(replace(test_images, labels=None))
