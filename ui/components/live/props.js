/** What the live views are given; props.py declares the same and says more about it. */

/**
 * What the component of a view gets.
 * @typedef {object} ViewMessage
 * @property {"workbench"|"path"|"plane"} view
 * @property {any} props of that view
 * @property {string[]} decoders the keys of those that it runs
 * @property {string[]} arriving those among them that are being sent along with this message
 */

/**
 * A direction that the visitor made.
 * @typedef {object} OwnDirection
 * @property {string} name @property {number[]} step one standard deviation of the codes long
 */

/**
 * What the workbench says in words that the server uses as well.
 * @typedef {object} WorkbenchWords
 * @property {string} centre the button
 * @property {string} centreSource @property {string} sampleSource @property {string} traversalSource
 * @property {string} handSource
 * @property {string} distribution what typicality is measured by
 * @property {string} labels what the buttons of the labels are for
 */

/**
 * The live view of the page Explore.
 * @typedef {object} WorkbenchProps
 * @property {string[]} names of the models: the current one, and perhaps one beside it
 * @property {number[]} code
 * @property {number|null} label
 * @property {string} source where the code is from
 * @property {number} serial of the last move from here that the server knows
 * @property {string[]} labels of a conditional model
 * @property {boolean} variational
 * @property {number} temperature
 * @property {import("./basis.js").BasisName} basis
 * @property {string[]} attributes
 * @property {OwnDirection[]} own
 * @property {"nats"|"share"} scoreUnit
 * @property {string[]|null} pad the names of its two axes
 * @property {boolean} smooth
 * @property {boolean} pace whether to show it
 * @property {import("./engine.js").EngineChoice} engine
 * @property {boolean} compact without a pad, for a narrow place beside something else
 * @property {boolean} canUndo
 * @property {boolean} canRedo
 * @property {WorkbenchWords} words
 */

/**
 * One model's interpolation path.
 * @typedef {object} PathRow
 * @property {string} name
 * @property {string} decoder
 * @property {string} codes many along the path, as base64.js reads them
 * @property {[number, number]|null} labels of the two ends, for a conditional model
 * @property {boolean[]} far which of the codes lie far from every real one
 */

/**
 * The baseline: two images that are cross-faded.
 * @typedef {object} Blend
 * @property {string} name
 * @property {string} a
 * @property {string} b
 * @property {[number, number, number]} shape channels, height and width
 */

/**
 * The live view of the page Interpolate.
 * @typedef {object} PathProps
 * @property {PathRow[]} rows
 * @property {Blend} blend
 * @property {number} steps
 * @property {number} position from 0 to steps - 1
 * @property {number} revision counts the server's own moves
 * @property {string} label what the scrubber moves along
 * @property {string} farMark beside the name of a model whose code is far from every real one
 */

/**
 * The live view of a two-dimensional latent space.
 * @typedef {object} PlaneProps
 * @property {[number[], number[]]} axes the values at the middles of the cells, rising: across and up
 * @property {[number, number]} code
 * @property {number|null} label
 * @property {number} serial of the last move from here that the server knows
 * @property {string} source where a code is from that is picked here
 */

export {};
