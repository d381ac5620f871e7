"""A trained model in other formats: packed for the browser, ONNX."""
