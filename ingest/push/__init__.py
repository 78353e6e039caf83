"""Data push: the data sets of the national specification V2.0, sent to us message by message over REST and SOAP.

What a message may hold stands in `data`; `validation` judges by it, `service` receives, `joining` takes in.
"""
