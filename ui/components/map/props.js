/** What the map is given; props.py declares the same and says more about it. */

/**
 * Of the component itself.
 * @typedef {object} PointMapProps
 * @property {string} name whose parcels it shows
 */

/**
 * A place that is pointed out: a point by its position, or coordinates of the server on some layouts.
 * @typedef {object} Mark
 * @property {string} label
 * @property {string} kind
 * @property {number|null} position
 * @property {Record<string, number[]>} at coordinates by the key of a layout
 * @property {number[]} links positions of points to which lines are drawn
 */

/**
 * How a map follows a decoder's code: by axes if it is a plane, else by the codes of its points.
 * @typedef {object} Following
 * @property {string} decoder
 * @property {number[]|null} mean
 * @property {number[][]|null} axes
 * @property {string} label
 */

/**
 * A slider under the map.
 * @typedef {object} Parameter
 * @property {string} name
 * @property {string} label
 * @property {number[]} values
 * @property {number} value
 * @property {number[]} ready the values for which there is a map already
 */

/**
 * What a map shows at the moment.
 * @typedef {object} MapState
 * @property {string} points
 * @property {string} layout
 * @property {string} alt
 * @property {Mark[]} marks
 * @property {string} selection
 * @property {number} revision
 * @property {Parameter[]} parameters
 * @property {string} pattern the key of a layout, with the names of parameters in braces
 * @property {boolean} legend
 * @property {boolean} low
 * @property {string} file
 * @property {Following|null} follow
 */

/**
 * Which images the points are.
 * @typedef {object} PointsHeader
 * @property {string} id
 * @property {string} thumbnails
 * @property {string[]} names of the classes
 * @property {string} noun what one of them is
 */

/**
 * One map, whose coordinates are steps from low to high.
 * @typedef {object} LayoutHeader
 * @property {string} key
 * @property {number} dimensions
 * @property {number[]} low
 * @property {number[]} high
 */

/**
 * Maps of the same points.
 * @typedef {object} LayoutsHeader
 * @property {string} points
 * @property {LayoutHeader[]} layouts
 */

/**
 * What the points' colours mean.
 * @typedef {object} ColoursHeader
 * @property {string} points
 * @property {"groups"|"values"} kind
 * @property {string[]} names of the groups
 * @property {string} title of the values
 * @property {string[]} ends the lowest and the highest value, in words
 */

/**
 * A circle around the origin of a plane of codes.
 * @typedef {object} Circle
 * @property {number} radius
 * @property {string} label
 */

/**
 * What lies under a plane of codes.
 * @typedef {object} BackgroundHeader
 * @property {string} layout
 * @property {number[]} extent left, right, bottom, top in the server's coordinates
 * @property {Circle[]} circles
 * @property {boolean} grey
 */

/**
 * Strips of small images.
 * @typedef {object} ThumbnailsHeader
 * @property {string} set
 * @property {number} first
 * @property {number} each images in a strip
 * @property {number} width
 * @property {number} height
 */

export {};
