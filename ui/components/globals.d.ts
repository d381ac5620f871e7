/** What the components keep on the browser's page, and what the type checker cannot know by itself. */

/** What Streamlit calls a component of ours with. */
interface StreamlitComponent<Data> {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  setStateValue(name: string, value: unknown): void;
  setTriggerValue(name: string, value: unknown): void;
}

/** The library of the live view, which every page of the app shares; `early` holds views that came before it. */
declare var latentLive:
  | {
      early: (() => void)[];
      show?: (component: StreamlitComponent<import("./live/props.js").ViewMessage>) => () => void;
      keepDecoder?: (bytes: Uint8Array) => void;
    }
  | undefined;

/** The worker's whole text, which ui/components/live/__init__.py puts before the library. */
declare const WORKER_SOURCE: string;

/** Each owner's strokes on the sketch pad. */
declare var latentDrawings: Map<string, import("./sketch/sketch.js").Stroke[]> | undefined;

/** What the hidden mounts of the maps have delivered, and who listens. */
declare var latentMapStore:
  | {
      parcels: Map<string, import("./map/store.js").Parcel>;
      listeners: Set<(parcel: import("./map/store.js").Parcel) => void>;
    }
  | undefined;

/** Maps of the same points, by the key of the points. */
declare var latentMapLinks: Map<string, Set<(note: import("./map/links.js").Note) => void>> | undefined;
