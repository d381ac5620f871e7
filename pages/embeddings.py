from ui.frame import open_page
open_page('pages/embeddings.py')
