"""Tables, checks and figures of the experiment `imagined-we`."""
