"""Landing pages (活动落地页): from a document of blocks to the page on a phone."""
